import { isPublic } from "../../../src/app/roles.ts";
import type { App, Service } from "../../../src/app/schema.ts";
import type { Settings } from "../settings.ts";

/** The app's name in its space. */
export function appName(app: App, settings: Settings): string {
  return settings.app ?? app.name;
}

/** A service instance's name in its space. */
export function instanceName(app: App, settings: Settings, service: string): string {
  return `${appName(app, settings)}-${service}`;
}

/** Host of the default route. */
export function defaultHost(app: App, settings: Settings): string {
  return settings.hostname ?? appName(app, settings);
}

/** Host of the route that the maintenance page has of its own. */
export function maintenanceHost(app: App, settings: Settings): string {
  const suffix = "-maintenance";
  // A DNS label has 63 characters at most.
  return `${defaultHost(app, settings).slice(0, 63 - suffix.length)}${suffix}`;
}

/** The process that the domains lead to: web, or the first public one. */
export function frontProcess(app: App): string | undefined {
  const names = Object.keys(app.processes)
    .filter((name) => isPublic(name, app.processes[name] as App["processes"][string]))
    .sort();
  return names.includes("web") ? "web" : names[0];
}

/** Domain and host of a custom domain's route: the whole name is a domain, a wildcard is a host of it. */
export function routeOf(domain: string): { readonly domain: string; readonly host: string } {
  return domain.startsWith("*.") ? { domain: domain.slice(2), host: "*" } : { domain, host: "" };
}

/** `OFFERING:PLAN`, `OFFERING:` or `PLAN` of the hint for this platform. */
export function offeringAndPlan(service: Service): {
  readonly offering: string;
  readonly plan: string | null;
} {
  const hint = service.plan?.cloudfoundry;
  const [first = "", second] = hint?.split(":") ?? [];
  if (second !== undefined) return { offering: first, plan: second === "" ? null : second };
  return { offering: service.type, plan: hint ?? null };
}
