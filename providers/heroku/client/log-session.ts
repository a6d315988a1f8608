import { RetryableError } from "../../../src/base/errors.ts";
import type { LogLine } from "../../../src/platform/contract.ts";
import type { HerokuClient } from "./client.ts";
import { type Deadline, within } from "./deadline.ts";
import { logSessionShape } from "./shapes.ts";

/** Which lines a log session gives. */
export interface LogQuery {
  /** Of those that are there already. */
  readonly lines: number;
  /** A dyno or a process type. @default all */
  readonly dyno?: string;
}

/** A line, and who said it: the `app` itself or `heroku` about it. */
interface SessionLine extends LogLine {
  readonly speaker: string;
}

/** `2026-01-01T00:00:00.000000+00:00 app[web.1]: text`; undefined for anything else. */
function parseLogLine(line: string): SessionLine | undefined {
  const [, time, speaker, source, text] = /^(\S+) ([a-z]+)\[([^\]]+)\]: ?(.*)$/s.exec(line) ?? [];
  if (time === undefined || speaker === undefined || source === undefined || text === undefined)
    return undefined;
  return { time, speaker, source, text };
}

/** Lines of a text that comes in pieces. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Data of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function* eventsOf(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let data: string[] = [];
  for await (const line of lines) {
    if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
    if (line !== "" || data.length === 0) continue;
    yield data.join("\n");
    data = [];
  }
}

async function* session(
  client: HerokuClient,
  app: string,
  query: LogQuery & { readonly tail: boolean },
  signal: AbortSignal,
): AsyncGenerator<SessionLine> {
  const { lines, dyno, tail } = query;
  const body = { lines, tail, ...(dyno === undefined ? {} : { dyno }) };
  const { logplex_url } = await client.ask(`/apps/${app}/log-sessions`, body, logSessionShape, { signal });
  const response = await fetch(logplex_url, { headers: { Accept: "text/event-stream" }, signal });
  if (!response.ok || response.body === null) {
    throw new RetryableError(`The log session of ${app} answered ${response.status}.`, {
      code: "log-session-failed",
    });
  }
  const isEvents = response.headers.get("content-type")?.includes("event-stream") === true;
  const lineStream = linesOf(response.body);
  for await (const line of isEvents ? eventsOf(lineStream) : lineStream) {
    const parsed = parseLogLine(line);
    if (parsed !== undefined) yield parsed;
  }
}

/** The last lines of an app, oldest first. */
export async function lastLines(
  client: HerokuClient,
  app: string,
  query: LogQuery,
  deadline: Deadline = {},
): Promise<readonly LogLine[]> {
  return await within(`Reading the log of ${app}`, deadline, async (signal) => {
    const found: LogLine[] = [];
    for await (const { time, source, text } of session(client, app, { ...query, tail: false }, signal)) {
      found.push({ time, source, text });
    }
    return found.slice(-query.lines);
  });
}

/** Lines of one dyno from its start on, as they come; the caller ends it by returning or with the signal. */
export async function* followDyno(
  client: HerokuClient,
  app: string,
  dyno: string,
  signal: AbortSignal,
): AsyncGenerator<SessionLine> {
  yield* session(client, app, { lines: 1500, dyno, tail: true }, signal);
}
