import type { App, LinkMode, Process, Role, Service } from "./schema.ts";

/** Whether a process serves HTTP from outside: `web`, or any with a public `http` block. */
export function isPublic(name: string, process: Process): boolean {
  return process.http === undefined ? name === "web" : process.http.public;
}

/** The roles in which a process runs: as stated; else web in both, so that the standby is warm, and others only where active. */
export function rolesOf(name: string, process: Process): readonly Role[] {
  return process.roles ?? (isPublic(name, process) ? ["active", "standby"] : ["active"]);
}

/** How many of a process run at a site in a role. */
export function countFor(name: string, process: Process, role: Role): number {
  return rolesOf(name, process).includes(role) ? process.scale.count : 0;
}

/** How many of each process run at a site in a role, by process name. */
export function countsFor(app: App, role: Role): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(app.processes).map(([name, process]) => [name, countFor(name, process, role)]),
  );
}

/** How a service's data reaches the standby: as stated; else by triggers for Postgres, not at all for anything else. */
export function linkModeOf(service: Service): LinkMode {
  return service.link.mode ?? (service.type === "postgres" ? "trigger" : "none");
}

/** The names under which the app finds a service: as stated; else `NAME_URL`. */
export function envNamesOf(name: string, service: Service): readonly string[] {
  return service.env ?? [`${name.toUpperCase().replaceAll("-", "_")}_URL`];
}
