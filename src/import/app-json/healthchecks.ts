import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";

/** Which of several checks the description's one health check is made of: it decides about restarts. */
const preference = ["liveness", "readiness", "startup"];

/** Reads `healthchecks` of an app.json (Dokku): a list of checks by process type. */
export function readHealthchecks(healthchecks: Entry, collector: Collector): void {
  for (const [type, list] of healthchecks.members()) {
    const checks = list.items();
    const kindOf = (check: Entry): string => check.get("type")?.text() ?? "startup";
    const chosen = preference
      .flatMap((kind) => checks.filter((check) => kindOf(check) === kind))
      .find((check) => check.get("path")?.text()?.startsWith("/"));
    for (const check of checks)
      if (check.tree === chosen?.tree) takeCheck(type, check, kindOf(check), collector);
    for (const check of checks) {
      if (check.tree === chosen?.tree) continue;
      const text =
        check.get("path") === undefined
          ? "only a check by HTTP path can be described"
          : "one check a process can be described, and another was chosen";
      check.dropped(text);
    }
  }
}

function takeCheck(type: string, check: Entry, kind: string, collector: Collector): void {
  const http = ["processes", type, "http"];
  const health = [...http, "health"];
  const path = check.get("path");
  check.get("type")?.carried();
  if (kind !== "liveness") {
    check
      .get("type")
      ?.approximated(`a ${kind} check; the description has one check for start, readiness and restarts`);
  }
  if (path !== undefined) collector.carry(path, [...health, "path"], path.text() ?? "/");
  if (type !== "web") collector.also(check, [...http, "public"], false);
  const numbers: readonly (readonly [string, string])[] = [
    ["timeout", "timeoutSeconds"],
    ["wait", "intervalSeconds"],
  ];
  for (const [key, field] of numbers) {
    const entry = check.get(key);
    const value = entry?.number();
    if (entry !== undefined && value !== undefined && value > 0)
      collector.carry(entry, [...health, field], value);
  }
  takeAttempts(check, kind, health, collector);
  const port = check.get("port");
  const number = port?.number();
  if (port !== undefined && number !== undefined && number >= 1 && number <= 65535) {
    collector.approximate(port, [...http, "port"], number, "taken as the port that the process listens on");
  }
  for (const key of ["name", "description"]) check.get(key)?.ignored("a note for people");
  check.get("content")?.dropped("the answer's status alone is checked");
  check.get("httpHeaders")?.dropped("the check sends the app's own host name and no other headers");
}

function takeAttempts(check: Entry, kind: string, health: readonly string[], collector: Collector): void {
  const attempts = check.get("attempts");
  const delay = check.get("initialDelay");
  const tries = attempts?.number();
  const wait = check.get("wait")?.number() ?? 5;
  const timeout = check.get("timeout")?.number() ?? 5;
  const initial = delay?.number() ?? 0;
  if (kind === "startup") {
    const grace = Math.round(initial + (tries ?? 3) * (wait + timeout));
    const reason = `the start may take ${grace} s: initial delay and all attempts`;
    for (const entry of [attempts, delay]) {
      if (entry !== undefined) collector.approximate(entry, [...health, "graceSeconds"], grace, reason);
    }
    return;
  }
  if (attempts !== undefined && tries !== undefined && Number.isInteger(tries) && tries > 0) {
    collector.carry(attempts, [...health, "failures"], tries);
  }
  if (delay !== undefined && initial >= 0) collector.carry(delay, [...health, "graceSeconds"], initial);
}
