import { randomBytes } from "node:crypto";
import { RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import type { CallOptions, CommandResult } from "../../../src/platform/contract.ts";
import type { HerokuClient } from "../client/client.ts";
import { within } from "../client/deadline.ts";
import { followDyno } from "../client/log-session.ts";
import { dynoShape } from "../client/shapes.ts";

/** Commands may take longer than other calls. */
const defaultTimeoutMs = 300_000;

/**
 * Runs a command in a detached one-off dyno and reads its output from the log, where a line with a random mark tells the
 * exit code: the API itself tells neither.
 */
export async function runOneOff(
  client: HerokuClient,
  app: string,
  command: string,
  options: CallOptions,
): Promise<CommandResult> {
  const mark = `understudy-${randomBytes(8).toString("hex")}`;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  return await within("The one-off command", { ...options, timeoutMs }, async (signal) => {
    const dyno = await start(client, app, `( ${command}\n) 2>&1; echo "${mark} $?"`, mark, signal);
    try {
      return await result(client, app, dyno, mark, signal);
    } catch (error) {
      if (signal.aborted) await stop(client, app, dyno);
      throw error;
    }
  });
}

async function start(
  client: HerokuClient,
  app: string,
  command: string,
  mark: string,
  signal: AbortSignal,
): Promise<string> {
  const path = `/apps/${app}/dynos`;
  const find = async () => {
    const dynos = await client.list(path, dynoShape, { signal });
    const found = dynos.find((dyno) => dyno.command.includes(mark));
    if (found !== undefined) return found;
    // It may have run and ended: a command is never run twice by guess.
    throw new UnderstudyError(
      "Heroku's answer to the start of a command was lost, and its dyno isn't there.",
      {
        code: "run-uncertain",
        suggestion: "Look into the app's log whether it ran, and repeat it if it didn't.",
      },
    );
  };
  const { name } = await client.create(path, { command, attach: false }, dynoShape, find, { signal });
  return name;
}

async function result(
  client: HerokuClient,
  app: string,
  dyno: string,
  mark: string,
  signal: AbortSignal,
): Promise<CommandResult> {
  const output: string[] = [];
  const end = new RegExp(`^(.*)${mark} (\\d+)$`);
  for await (const { speaker, source, text } of followDyno(client, app, dyno, signal)) {
    if (speaker !== "app" || source !== dyno) continue;
    const [isEnd, rest = "", exitCode] = end.exec(text) ?? [];
    if (isEnd === undefined) output.push(text);
    else
      return { exitCode: Number(exitCode), output: [...output, ...(rest === "" ? [] : [rest])].join("\n") };
  }
  throw new RetryableError(`The log of ${dyno} ended before its command did.`, {
    code: "log-session-failed",
  });
}

/** The command was given up: its dyno should not live on. */
async function stop(client: HerokuClient, app: string, dyno: string): Promise<void> {
  const path = `/apps/${app}/dynos/${dyno}`;
  await client.delete(path, { timeoutMs: 5_000 }).catch(() => {});
}
