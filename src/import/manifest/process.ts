import { commandNotes } from "../command-notes.ts";
import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import type { Attributes } from "./attributes.ts";
import { megabytes } from "./sizes.ts";
import { variablesIn } from "./variables.ts";

/** Reads what one process of an application is given: command, scale, size and health check. */
export function readProcess(
  name: string,
  attributes: Attributes,
  collector: Collector,
  /** Shell text that goes before the command: variables of its own. @default "" */
  before = "",
): void {
  const path = ["processes", name];
  const command = attributes.get("command");
  const line = command?.text()?.trim();
  if (command !== undefined && line !== undefined && line !== "") {
    const unknown = variablesIn(line);
    const target = [...path, "command"];
    if (/^\(\([^()]+\)\)$/.test(line) && unknown.length > 0) {
      command.dropped(needs(unknown));
      const message = `The command of '${name}' is left out: ${needs(unknown)}.`;
      collector.note("variable-unknown", message, command, target);
    } else if (unknown.length > 0) collector.approximate(command, target, before + line, needs(unknown));
    else if (before !== "")
      collector.approximate(
        command,
        target,
        before + line,
        "variables that only this process has are set in its command",
      );
    else collector.carry(command, target, line);
    for (const note of commandNotes(name, line)) collector.note(note.code, note.message, command, path);
  }
  takeNumber(attributes.get("instances"), [...path, "scale", "count"], collector, (text) =>
    /^\d+$/.test(text) ? Number(text) : undefined,
  );
  takeNumber(attributes.get("memory"), [...path, "size", "memoryMb"], collector, megabytes);
  takeNumber(attributes.get("disk_quota"), [...path, "size", "diskMb"], collector, megabytes);
  readHealth(attributes, path, collector);
  for (const [key, reason] of unused) attributes.get(key)?.dropped(reason);
}

const unused: readonly (readonly [string, string])[] = [
  ["log-rate-limit-per-second", "no limit of log lines can be described"],
  ["readiness-health-check-type", "the description has one check for start, readiness and restarts"],
  ["readiness-health-check-http-endpoint", "the description has one check for start, readiness and restarts"],
  ["readiness-health-check-interval", "the description has one check for start, readiness and restarts"],
  [
    "readiness-health-check-invocation-timeout",
    "the description has one check for start, readiness and restarts",
  ],
];

/** What is said of a place whose variables have no value. */
export function needs(names: readonly string[]): string {
  return `no value is given for ${names.map((name) => `((${name}))`).join(", ")}`;
}

function takeNumber(
  entry: Entry | undefined,
  path: readonly string[],
  collector: Collector,
  read: (text: string) => number | undefined,
): void {
  const text = entry?.text()?.trim();
  if (entry === undefined || text === undefined) return;
  const value = read(text);
  const unknown = variablesIn(text);
  if (value !== undefined) collector.carry(entry, path, value);
  else if (unknown.length > 0) {
    entry.dropped(needs(unknown));
    collector.note(
      "variable-unknown",
      `${path.join(".")} is left at its default: ${needs(unknown)}.`,
      entry,
      path,
    );
  } else entry.dropped(`${JSON.stringify(text)} is not a number that the platform takes here`);
}

function readHealth(attributes: Attributes, path: readonly string[], collector: Collector): void {
  const type = attributes.get("health-check-type");
  const kind = type?.text() ?? "port";
  const health = [...path, "http", "health"];
  const endpoint = attributes.get("health-check-http-endpoint");
  const timing: readonly (readonly [string, string])[] = [
    ["timeout", "graceSeconds"],
    ["health-check-invocation-timeout", "timeoutSeconds"],
    ["health-check-interval", "intervalSeconds"],
  ];
  if (kind !== "http") {
    type?.carried();
    endpoint?.ignored(`the check is of type ${kind}`);
    for (const [key] of timing)
      attributes.get(key)?.dropped("without an HTTP check there is no place for it");
    return;
  }
  if (type !== undefined) collector.carry(type, health, {});
  const endpointPath = endpoint?.text();
  if (endpoint !== undefined && endpointPath?.startsWith("/"))
    collector.carry(endpoint, [...health, "path"], endpointPath);
  for (const [key, field] of timing) {
    const entry = attributes.get(key);
    const seconds = entry?.number();
    if (entry !== undefined && seconds !== undefined && seconds > 0)
      collector.carry(entry, [...health, field], seconds);
  }
}
