import { isPublic } from "../../../src/app/roles.ts";
import type { App, Process, Role } from "../../../src/app/schema.ts";
import type { InputValue, RenderedResource, SiteSpec } from "../../../src/platform/contract.ts";
import { namespaceOf } from "../names.ts";
import type { Exposure, Settings } from "../settings.ts";
import type { KubeResource, Labels } from "./kube.ts";

/** What every part of the rendering looks at. */
export interface Site {
  readonly app: App;
  readonly settings: Settings;
  readonly dialect: Dialect;
  /** What is rendered for an unknown role is the standby's. */
  readonly role: Role;
  readonly namespace: string;
  readonly archive: SiteSpec["archive"];
}

/** The object that users come in by. */
export interface Entrance {
  readonly kind: "Ingress" | "Service" | "Gateway" | "Route";
  readonly namespace: string;
  readonly name: string;
}

/** A way in to the front process. */
export interface Exposed {
  readonly entrance: Entrance;
  readonly resources: readonly KubeResource[];
}

/** Leads users to the front process' Service of that name. */
export type Expose = (site: Site, service: string) => Exposed;

/** In what Kubernetes and its distributions differ. All else is rendered alike. */
export interface Dialect {
  /** As in commands, settings and hints. */
  readonly name: string;
  readonly title: string;
  /** The ways in that there are. */
  readonly exposures: Readonly<Partial<Record<Exposure["kind"], Expose>>>;
  /** Whether pods may name user and group ids; else the platform gives them out. */
  readonly pinsIds: boolean;
  /** Of a Namespace that a site has made for itself. */
  readonly namespaceLabels: Labels;
  /** Of Deployments, besides those that Kubernetes recommends. */
  workloadLabels(app: App): Labels;
  /** Whom a NetworkPolicy lets in to public processes; undefined = anyone. */
  ingressPeers(settings: Settings): readonly InputValue[] | undefined;
}

export function siteOf(app: App, spec: SiteSpec<Settings>, dialect: Dialect): Site {
  const { settings, archive } = spec;
  const role = spec.role === "unknown" ? "standby" : spec.role;
  return { app, settings, dialect, role, namespace: namespaceOf(app, settings), archive };
}

export function sortedEntries<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Processes by name, sorted. */
export function processesOf({ app }: Site): readonly (readonly [string, Process])[] {
  return sortedEntries(app.processes);
}

/** Whether a process listens on a port. */
export function servesHttp(name: string, process: Process): boolean {
  return process.http !== undefined || isPublic(name, process);
}

/** The process that the domains lead to: web, or the first public one. */
export function frontProcess(site: Site): string | undefined {
  const names = processesOf(site)
    .filter(([name, process]) => isPublic(name, process))
    .map(([name]) => name);
  return names.includes("web") ? "web" : names[0];
}

/** Whether a process' number of instances is a HorizontalPodAutoscaler's business. */
export function isAutoscaled({ scale }: Process): boolean {
  return scale.max !== undefined && scale.count > 0;
}

/** The most instances that a process can have. */
export function mostInstances(process: Process): number {
  return isAutoscaled(process) ? Math.max(process.scale.max ?? 0, process.scale.count) : process.scale.count;
}

/** Logical names of resources, for others to depend on. */
export function namesOf(resources: readonly RenderedResource[]): readonly string[] {
  return resources.map((resource) => resource.name);
}
