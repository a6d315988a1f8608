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

/** The processes of an app; of two of a type, while a deployment runs, the newer one. */
export function processesOf(cloud: Cloud, app: App): Readonly<Record<string, Process>> {
  const own = Object.values(cloud.model.processes).filter((process) => process.app === app.guid);
  return Object.fromEntries(own.map((process) => [process.type, process]));
}

/** The command that a process runs: its own, else the droplet's. */
export function commandOf(cloud: Cloud, app: App, process: Process): string | undefined {
  const droplet = app.droplet === undefined ? undefined : cloud.model.droplets[app.droplet];
  return process.command ?? droplet?.processTypes[process.type];
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
