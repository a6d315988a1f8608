import { hostname } from "node:os";
import { httpSend } from "../../base/http.ts";
import type { LogEntry } from "./contract.ts";
import { SyslogConnection } from "./syslog.ts";

export interface DrainOptions {
  readonly token: string;
  nameOf(entry: LogEntry): { readonly appName: string; readonly processId: string };
}

export interface Drain {
  readonly send: (entry: LogEntry) => void;
  close(): void;
}

/** Lines that wait for a drain that does not answer; beyond, the oldest are dropped, as on the platforms. */
export const waitingLines = 1_000;
const batchMs = 100;

/** Facility and severity as Heroku's logplex sets them: local7.info for apps, local3.info for the router. */
const priority = { app: 190, router: 158, platform: 45 } as const;

/** `LENGTH <PRI>1 TIME HOST APP PROCESS - TEXT`: octet-counted (RFC 6587), RFC 5424 without structured data, as logplex sends it. */
export function syslogFrame(entry: LogEntry, host: string, { nameOf }: Pick<DrainOptions, "nameOf">): string {
  const { appName, processId } = nameOf(entry);
  const time = new Date(entry.time).toISOString().replace("Z", "000+00:00");
  const message = `<${priority[entry.kind]}>1 ${time} ${host} ${appName} ${processId} - ${entry.text}\n`;
  return `${Buffer.byteLength(message)} ${message}`;
}

/**
 * Opens the way to a drain: `syslog:` and `syslog+tls:` keep a connection, `http:` and `https:` post batches. A drain
 * that can't be reached is tried again for as long as it exists; it never holds up the app.
 */
export function openDrain(url: string, options: DrainOptions): Drain {
  return /^https?:/.test(url) ? openHttpDrain(url, options) : openSyslogDrain(url, options);
}

function openSyslogDrain(url: string, options: DrainOptions): Drain {
  const connection = new SyslogConnection(new URL(url), waitingLines);
  return {
    // Over TCP the drain's token stands where the host name would.
    send: (entry) => connection.send(syslogFrame(entry, options.token, options)),
    close: () => connection.close(),
  };
}

function openHttpDrain(url: string, options: DrainOptions): Drain {
  const waiting: string[] = [];
  const closing = new AbortController();
  let frameNumber = 0;
  let timer: NodeJS.Timeout | undefined;

  async function post(): Promise<void> {
    const frames = waiting.splice(0);
    const { origin, pathname, search, username, password } = new URL(url);
    const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    try {
      await httpSend({
        method: "POST",
        url: `${origin}${pathname}${search}`,
        headers: {
          "Content-Type": "application/logplex-1",
          "Logplex-Msg-Count": String(frames.length),
          "Logplex-Frame-Id": `${options.token}-${++frameNumber}`,
          "Logplex-Drain-Token": options.token,
          ...(username === "" ? {} : { Authorization: `Basic ${login.toString("base64")}` }),
        },
        body: frames.join(""),
        timeoutMs: 5_000,
        signal: closing.signal,
      });
    } catch {
      waiting.unshift(...frames);
    }
    timer = undefined;
    if (waiting.length > 0 && !closing.signal.aborted) timer = setTimeout(post, 1_000);
  }

  return {
    send: (entry) => {
      waiting.push(syslogFrame(entry, hostname(), options));
      if (waiting.length > waitingLines) waiting.splice(0, waiting.length - waitingLines);
      timer ??= setTimeout(post, batchMs);
    },
    close: () => {
      closing.abort();
      clearTimeout(timer);
    },
  };
}
