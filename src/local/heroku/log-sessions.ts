import { randomUUID } from "node:crypto";
import type { LogEntry, Logs } from "../runtime/contract.ts";
import { lineOf, sourceOf } from "./log-lines.ts";

/** How long an address of a session may be used before it is forgotten, milliseconds. */
const lifetimeMs = 300_000;

export interface LogSession {
  readonly id: string;
  readonly appId: string;
  readonly lines: number;
  readonly tail: boolean;
  /** A dyno (`web.1`) or a process type. */
  readonly dyno: string | undefined;
  /** `app` or `heroku`. */
  readonly source: string | undefined;
}

/** The log sessions that were asked for; the address itself is the permission. */
export class LogSessions {
  readonly #logs: Logs;
  readonly #url: string;
  readonly #sessions = new Map<string, LogSession>();

  constructor(logs: Logs, url: string) {
    this.#logs = logs;
    this.#url = url;
  }

  create(session: Omit<LogSession, "id">): { readonly session: LogSession; readonly url: string } {
    const made = { ...session, id: randomUUID() };
    this.#sessions.set(made.id, made);
    setTimeout(() => this.#sessions.delete(made.id), lifetimeMs).unref();
    return { session: made, url: `${this.#url}/log-streams/${made.id}` };
  }

  find(id: string): LogSession | undefined {
    return this.#sessions.get(id);
  }

  /** Lines as they are read; ends after the known ones unless the session follows. */
  stream(session: LogSession, write: (line: string) => void): (() => void) | undefined {
    const wanted = (entry: LogEntry): boolean => matches(session, sourceOf(entry));
    const recent = this.#logs.recent(session.appId, Number.MAX_SAFE_INTEGER).filter(wanted);
    for (const entry of session.lines <= 0 ? [] : recent.slice(-session.lines)) write(lineOf(entry));
    if (!session.tail) return undefined;
    return this.#logs.follow(session.appId, (entry) => {
      if (wanted(entry)) write(lineOf(entry));
    });
  }
}

function matches({ dyno, source }: LogSession, from: string): boolean {
  const [group = "", name = ""] = from.replace("]", "").split("[", 2);
  if (source !== undefined && source !== group) return false;
  return dyno === undefined || name === dyno || name.split(".")[0] === dyno;
}
