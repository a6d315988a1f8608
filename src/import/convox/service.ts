import { commandNotes } from "../command-notes.ts";
import type { Entry } from "../entry.ts";
import { addVariable } from "../env.ts";
import type { Collector } from "../findings.ts";

/** A list of `NAME` (to be given) and `NAME=default`. */
export function readEnvironment(list: Entry, collector: Collector): void {
  for (const item of list.items()) {
    const [, name, , value] = /^([^=]+)(=(.*))?$/s.exec(item.text()?.trim() ?? "") ?? [];
    if (name !== undefined) addVariable(collector, { name, from: item, value: value || undefined });
  }
}

const noPlace: Readonly<Record<string, string>> = {
  agent: "a process on every machine can't be described",
  sticky: "affinity of a visitor to an instance can't be described",
  volumes: "files do not outlive a process on most platforms: keep them in an object store",
  init: "how signals reach the process is the platform's choice",
  internal: "only reachability by users can be described",
  deployment: "how many instances are replaced at once is the platform's choice",
  test: "for tests, not for production",
};

/** Reads one service: its process, and what it says of build, environment and domains. */
export function readService(name: string, service: Entry, collector: Collector): void {
  const path = ["processes", name];
  collector.also(service, path, {});
  const command = service.get("command");
  const line = command?.text()?.trim();
  if (command !== undefined && line) {
    collector.carry(command, [...path, "command"], line);
    for (const note of commandNotes(name, line)) collector.note(note.code, note.message, command, path);
  }
  readBuild(service, collector);
  readHttp(service, path, collector);
  readScale(service.get("scale"), path, collector);
  const environment = service.get("environment");
  if (environment !== undefined) readEnvironment(environment, collector);
  for (const item of service.get("resources")?.items() ?? []) item.carried(`services.${item.text() ?? ""}`);
  const grace = service.get("termination")?.get("grace");
  const seconds = grace?.number();
  if (grace !== undefined && seconds !== undefined && seconds >= 0)
    collector.carry(grace, [...path, "stopGraceSeconds"], seconds);
  const singleton = service.get("singleton");
  if (singleton?.scalar() === true) collector.carry(singleton, [...path, "singleton"], true);
  const initial = service.get("initContainer")?.get("command");
  const release = initial?.text()?.trim();
  if (initial !== undefined && release) {
    collector.approximate(
      initial,
      ["release", "command"],
      release,
      "it ran before each start of an instance; a release command runs once",
    );
  }
  for (const [key, reason] of Object.entries(noPlace)) service.get(key)?.dropped(reason);
}

function readBuild(service: Entry, collector: Collector): void {
  const image = service.get("image");
  const name = image?.text()?.trim();
  if (image !== undefined && name) collector.carry(image, ["source"], { image: name });
  const build = service.get("build");
  if (build === undefined) return;
  const context = (build.tree.kind === "map" ? build.get("path") : build)?.text()?.trim() ?? ".";
  const manifest = build.get("manifest");
  const dockerfile = manifest?.text()?.trim() || "Dockerfile";
  const prefix = context === "." ? "" : `${context.replace(/\/+$/, "")}/`;
  collector.carry(manifest ?? build, ["build", "dockerfile"], `${prefix}${dockerfile}`);
  if (manifest !== undefined) build.get("path")?.carried("build.dockerfile");
}

function readHttp(service: Entry, path: readonly string[], collector: Collector): void {
  const http = [...path, "http"];
  const ports = service.get("ports")?.items() ?? [];
  const port = service.get("port") ?? ports[0];
  const number = Number(/(\d+)$/.exec(port?.text() ?? "")?.[1]);
  if (port !== undefined && number >= 1 && number <= 65535) collector.carry(port, [...http, "port"], number);
  for (const other of ports.slice(1)) other.dropped("a process has one port here");
  const health = service.get("health");
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
  const timeout = service.get("timeout");
  const limit = timeout?.number();
  if (timeout !== undefined && limit !== undefined && limit > 0)
    collector.carry(timeout, [...http, "requestTimeoutSeconds"], limit);
  const domain = service.get("domain");
  const domains = domain?.tree.kind === "list" ? domain.items() : domain === undefined ? [] : [domain];
  for (const entry of domains) takeDomains(entry, collector);
}

function takeDomains(entry: Entry, collector: Collector): void {
  const text = entry.text() ?? "";
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const known = names.filter((name) => !name.includes("${"));
  if (known.length < names.length) entry.dropped("the host is a variable: add it under domains");
  for (const name of known) collector.append(entry, ["domains"], name);
}

function readScale(scale: Entry | undefined, path: readonly string[], collector: Collector): void {
  const count = scale?.tree.kind === "map" ? scale.get("count") : scale;
  const [, least, most] = /^(\d+)(?:-(\d+))?$/.exec(count?.text()?.trim() ?? "") ?? [];
  if (count !== undefined && least !== undefined) {
    collector.carry(count, [...path, "scale", "count"], Number(least));
    if (most !== undefined) {
      collector.also(count, [...path, "scale", "min"], Number(least));
      collector.also(count, [...path, "scale", "max"], Number(most));
    }
  }
  const cpu = scale?.get("cpu");
  const units = cpu?.number();
  // 1,000 units are one core on Kubernetes-based racks, 1,024 on older ones: general knowledge, hence approximated.
  if (cpu !== undefined && units !== undefined && units > 0) {
    collector.approximate(
      cpu,
      [...path, "size", "cpu"],
      Math.round(units / 10.24) / 100,
      "1,024 units are taken as one core",
    );
  }
  const memory = scale?.get("memory");
  const size = memory?.number();
  if (memory !== undefined && size !== undefined && Number.isInteger(size) && size > 0)
    collector.carry(memory, [...path, "size", "memoryMb"], size);
}
