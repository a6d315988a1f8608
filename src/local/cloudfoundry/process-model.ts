import { randomUUID } from "node:crypto";
import { type Cloud, resource } from "./cloud.ts";
import type { App, HealthCheck, Process } from "./model.ts";

const noData = { timeout: null, invocation_timeout: null, interval: null };

/** A new process as the controller makes it: web has one instance and a port check, others none and a process check. */
export function newProcess(cloud: Cloud, app: App, type: string, guid: string = randomUUID()): Process {
  const web = type === "web";
  const check = (kind: HealthCheck["type"]): HealthCheck => ({ type: kind, data: noData });
  const process: Process = {
    ...resource(cloud, guid),
    app: app.guid,
    type,
    command: undefined,
    instances: web ? 1 : 0,
    memoryMb: 1024,
    diskMb: 1024,
    logRate: -1,
    healthCheck: check(web ? "port" : "process"),
    readinessHealthCheck: check("process"),
  };
  cloud.model.processes[guid] = process;
  return process;
}

/** Makes the processes that a droplet has and the app doesn't. */
export function addProcesses(cloud: Cloud, app: App, types: Iterable<string>): void {
  const known = new Set(
    Object.values(cloud.model.processes)
      .filter((process) => process.app === app.guid)
      .map((process) => process.type),
  );
  for (const type of types) if (!known.has(type)) newProcess(cloud, app, type);
}
