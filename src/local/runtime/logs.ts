import type { LogEntry, Logs, RuntimeFlavour } from "./contract.ts";
import { openDrain } from "./drain.ts";

/** Lines kept of each app, as on Heroku. */
const keptLines = 1_500;

interface AppLog {
  readonly lines: LogEntry[];
  readonly listeners: Set<(entry: LogEntry) => void>;
}

/** `app[web.1]` is process `web.1` of `app`; any other source is its own process. */
function nameOfSource(entry: LogEntry): { readonly appName: string; readonly processId: string } {
  const [, appName, processId] = /^([^[\]]+)\[([^\]]+)\]$/.exec(entry.source) ?? [];
  return { appName: appName ?? entry.kind, processId: processId ?? entry.source };
}

export function createLogs(flavour: Pick<RuntimeFlavour, "syslogName">): Logs {
  const apps = new Map<string, AppLog>();

  const logOf = (app: string): AppLog => {
    const known = apps.get(app);
    if (known !== undefined) return known;
    const made: AppLog = { lines: [], listeners: new Set() };
    apps.set(app, made);
    return made;
  };

  const follow = (app: string, listener: (entry: LogEntry) => void): (() => void) => {
    const { listeners } = logOf(app);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  };

  return {
    append: (app, entry) => {
      const log = logOf(app);
      log.lines.push(entry);
      if (log.lines.length > keptLines) log.lines.splice(0, log.lines.length - keptLines);
      for (const listener of log.listeners) listener(entry);
    },
    recent: (app, lines) => (lines <= 0 ? [] : (apps.get(app)?.lines.slice(-lines) ?? [])),
    follow,
    drain: (app, url, token) => {
      const drain = openDrain(url, { token, nameOf: flavour.syslogName ?? nameOfSource });
      const unfollow = follow(app, drain.send);
      return () => {
        unfollow();
        drain.close();
      };
    },
    forget: (app) => {
      apps.delete(app);
    },
  };
}
