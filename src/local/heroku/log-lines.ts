import type { LogEntry, Logs } from "../runtime/contract.ts";

/** `app[web.1]`, `heroku[router]`: who said a line, as Heroku writes it. */
export function sourceOf(entry: LogEntry): string {
  if (entry.kind === "router") return "heroku[router]";
  const process = entry.type === undefined ? undefined : dynoName(entry.type, entry.index ?? 0);
  if (process === undefined) return entry.source;
  return entry.kind === "platform" ? `heroku[${process}]` : `app[${process}]`;
}

/** One-offs have a number of their own (`run.1234`); instances of the formation count from 1. */
export function dynoName(type: string, index: number): string {
  return type.includes(".") ? type : `${type}.${index + 1}`;
}

/** `2026-01-01T00:00:00.000000+00:00 app[web.1]: text`, the form in which log sessions give lines. */
export function lineOf(entry: LogEntry): string {
  const time = new Date(entry.time).toISOString().replace("Z", "000+00:00");
  return `${time} ${sourceOf(entry)}: ${entry.text}`;
}

/** A line of the platform itself about an app: `app[api]: Scaled to web@2:Basic`. */
export function sayAsApi(logs: Logs, app: string, text: string): void {
  logs.append(app, {
    time: Date.now(),
    kind: "platform",
    stream: "out",
    source: "app[api]",
    type: undefined,
    index: undefined,
    text,
  });
}
