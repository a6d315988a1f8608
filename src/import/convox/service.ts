import { commandNotes } from "../command-notes.ts";
import type { Entry } from "../entry.ts";
import { exporting } from "../env.ts";
import type { Collector } from "../findings.ts";
import { readHttp } from "./http.ts";
import { readScale } from "./scale.ts";

const labels = "labels and annotations can't be described";
const placement = "which machines it runs on is the platform's choice";
const gateway = "settings of the platform's own gateway";

const noPlace: Readonly<Record<string, string>> = {
  accessControl: "permissions on the rack's provider can't be described",
  agent: "a process on every machine can't be described",
  annotations: labels,
  certificate: gateway,
  configMounts: "files that the platform writes can't be described",
  deployment: "how many instances are replaced at once is the platform's choice",
  disableHostUsers: "rights of a process are the platform's choice",
  dnsConfig: "settings of the network can't be described",
  drain: "how long open connections are waited for is the platform's choice",
  grpcHealthEnabled: "only a check by HTTP path can be described",
  imagePullSecrets: "credentials of a registry can't be described",
  ingressAnnotations: gateway,
  init: "how signals reach the process is the platform's choice",
  internalRouter: gateway,
  labels,
  lifecycle: "commands at the start and end of an instance can't be described",
  links: "that a process knows others by name can't be described",
  liveness: "the description has one check for start, readiness and restarts",
  nodeAffinityLabels: placement,
  nodeSelectorLabels: placement,
  privileged: "rights of a process are the platform's choice",
  securityContext: "rights of a process are the platform's choice",
  startupProbe: "the description has one check for start, readiness and restarts",
  sticky: "affinity of a visitor to an instance can't be described",
  test: "for tests, not for production",
  tls: gateway,
  volumeOptions: "files do not outlive a process on most platforms: keep them in an object store",
  volumes: "files do not outlive a process on most platforms: keep them in an object store",
  whitelist: "who may reach the app can't be described",
};

/** Reads one service as a process; `own` are the variables that its command has to set. */
export function readService(
  name: string,
  service: Entry,
  own: readonly (readonly [name: string, value: string])[],
  collector: Collector,
): void {
  const path = ["processes", name];
  collector.also(service, path, {});
  const command = service.get("command");
  const line = command?.text()?.trim();
  if (command !== undefined && line) {
    const target = [...path, "command"];
    const reason = "variables that only this process has are set in its command";
    if (own.length > 0) collector.approximate(command, target, exporting(own) + line, reason);
    else collector.carry(command, target, line);
    for (const note of commandNotes(name, line)) collector.note(note.code, note.message, command, path);
  }
  readHttp(service, path, collector);
  readScale(service.get("scale"), path, collector);
  const grace = service.get("termination")?.get("grace");
  const seconds = grace?.number();
  if (grace !== undefined && seconds !== undefined && seconds >= 0)
    collector.carry(grace, [...path, "stopGraceSeconds"], seconds);
  const singleton = service.get("singleton");
  if (singleton?.scalar() === true) collector.carry(singleton, [...path, "singleton"], true);
  else if (singleton?.scalar() === false) singleton.carried();
  readInitContainer(service.get("initContainer"), collector);
  for (const [key, reason] of Object.entries(noPlace)) service.get(key)?.dropped(reason);
}

function readInitContainer(container: Entry | undefined, collector: Collector): void {
  const command = container?.get("command");
  const release = command?.text()?.trim();
  if (container?.get("image") !== undefined) {
    container.dropped("it has an image of its own, and an app is one image");
    return;
  }
  if (command === undefined || !release) return;
  collector.approximate(
    command,
    ["release", "command"],
    release,
    "it ran before each start of an instance; a release command runs once",
  );
}
