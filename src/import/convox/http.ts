import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { referencesIn } from "./references.ts";

/** Reads where a service listens, who reaches it, and how its health is checked. */
export function readHttp(service: Entry, path: readonly string[], collector: Collector): void {
  const http = [...path, "http"];
  const ports = service.get("ports")?.items() ?? [];
  const main = service.get("port") ?? ports[0];
  const port = main?.tree.kind === "map" ? main.get("port") : main;
  const number = Number(/^(?:\w+:)?(\d+)(?:\/\w+)?$/.exec(port?.text()?.trim() ?? "")?.[1]);
  const listens = port !== undefined && number >= 1 && number <= 65535;
  if (listens) collector.carry(port, [...http, "port"], number);
  if (main !== port) main?.get("scheme")?.dropped("HTTP is spoken behind the platform's own gateway");
  for (const other of ports) if (other.tree !== main?.tree) other.dropped("a process has one port here");
  readHealth(service.get("health"), http, collector);
  const internal = service.get("internal");
  if (internal?.scalar() === false) internal.carried();
  else if (internal?.scalar() === true && listens) {
    const reason = "users don't reach it; that other processes do, by its name, can't be described";
    collector.approximate(internal, [...http, "public"], false, reason);
  } else if (internal?.scalar() === true) internal.carried();
  else internal?.dropped(referencesIn(internal.text() ?? "") ?? "neither true nor false");
  const timeout = service.get("timeout");
  const limit = timeout?.number();
  if (timeout !== undefined && limit !== undefined && limit > 0)
    collector.carry(timeout, [...http, "requestTimeoutSeconds"], limit);
  const domain = service.get("domain");
  const domains = domain?.tree.kind === "list" ? domain.items() : domain === undefined ? [] : [domain];
  for (const entry of domains) takeDomains(entry, collector);
}

function readHealth(health: Entry | undefined, http: readonly string[], collector: Collector): void {
  if (health?.get("disable")?.scalar() === true) {
    health.ignored("the check is switched off");
    return;
  }
  const endpoint = health?.tree.kind === "map" ? health.get("path") : health;
  const check = endpoint?.text()?.trim();
  if (endpoint !== undefined && check?.startsWith("/"))
    collector.carry(endpoint, [...http, "health", "path"], check);
  for (const [key, field] of [
    ["interval", "intervalSeconds"],
    ["timeout", "timeoutSeconds"],
    ["grace", "graceSeconds"],
  ] as const) {
    const entry = health?.get(key);
    const seconds = entry?.number();
    if (entry !== undefined && seconds !== undefined && (seconds > 0 || key === "grace"))
      collector.carry(entry, [...http, "health", field], seconds);
  }
  health?.get("disable")?.carried();
  health?.get("port")?.dropped("the check is made where the process serves");
}

function takeDomains(entry: Entry, collector: Collector): void {
  const text = entry.text() ?? "";
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = names.filter((name) => referencesIn(name) === undefined);
  if (known.length < names.length) entry.dropped("the host is a variable: add it under domains");
  for (const name of known) collector.append(entry, ["domains"], name);
}
