import { createHash } from "node:crypto";
import type { App } from "../../src/app/schema.ts";
import type { Settings } from "./settings.ts";

type Named = Pick<App, "name">;
type Place = Pick<Settings, "app" | "namespace">;

/** Longest name of a Service, and of what stands beside it under the same name (RFC 1123 label). */
const longestName = 63;
/** Kubernetes appends 11 characters to name the Jobs of a CronJob. */
const longestCronJob = 52;
/** The operator, and StatefulSets, append to these. */
const longestService = 50;

/** The first characters of a text's SHA-256, hex. */
export function shortHash(text: string, length = 8): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}

/**
 * `prefix-name` as Kubernetes allows it. What can't stand there as it is (too long, a forbidden character, a name that is
 * ours) gets a hash of the whole name, so that different names stay different. Upper case and `_` need none: the
 * description's own rules keep names apart that differ in no more than that.
 */
function join(prefix: string, name: string, longest: number, isOurs?: RegExp): string {
  const slug = name.toLowerCase().replaceAll("_", "-");
  const whole = `${prefix}-${slug}`;
  const isFine = whole.length <= longest && !slug.endsWith("-") && !isOurs?.test(slug);
  if (isFine) return whole;
  const end = `-${shortHash(name)}`;
  return whole.slice(0, longest - end.length).replace(/-+$/, "") + end;
}

/** What the names of a site's objects begin with. */
export function baseName(app: Named, settings: Place): string {
  return settings.app ?? app.name;
}

export function namespaceOf(app: Named, settings: Place): string {
  return settings.namespace ?? app.name;
}

/** Deployment, Service, HorizontalPodAutoscaler and PodDisruptionBudget of a process. */
export function processObject(app: Named, settings: Place, process: string): string {
  return join(baseName(app, settings), process, longestName, /^(maintenance$|service-)/);
}

/** StatefulSet, Cluster, Service and Secret of a backing service in the cluster. */
export function serviceObject(app: Named, settings: Place, service: string): string {
  return join(`${baseName(app, settings)}-service`, service, longestService);
}

/** CronJob of a job of the schedule. */
export function cronJobObject(app: Named, settings: Place, job: string): string {
  return join(baseName(app, settings), job, longestCronJob);
}

/** ConfigMap with the plain config. */
export function configObject(app: Named, settings: Place): string {
  return `${baseName(app, settings)}-config`;
}

/** Secret with the app's secrets and the URLs of services outside the cluster. */
export function envObject(app: Named, settings: Place): string {
  return `${baseName(app, settings)}-env`;
}

/** Deployment and ConfigMap of the maintenance page. */
export function maintenanceObject(app: Named, settings: Place): string {
  return `${baseName(app, settings)}-maintenance`;
}

/** Job that runs the release command; `fingerprint` tells releases apart. */
export function releaseObject(app: Named, settings: Place, fingerprint: string): string {
  return `${baseName(app, settings)}-release-${shortHash(fingerprint, 10)}`;
}

/** Secret with the certificate. */
export function tlsObject(app: Named, settings: Place): string {
  return `${baseName(app, settings)}-tls`;
}

/** A name as the value of a label: as it is where Kubernetes takes it. */
export function labelValue(name: string): string {
  return /[A-Za-z0-9]$/.test(name) ? name : `${name.replace(/[_-]+$/, "").slice(0, 54)}-${shortHash(name)}`;
}

export const processLabel = "understudy.dev/process";
export const jobLabel = "understudy.dev/job";
const serviceLabel = "understudy.dev/service";
/** On pods that users may reach: those of public processes and of the maintenance page. */
export const publicLabel = "understudy.dev/public";
export const maintenanceLabel = "understudy.dev/maintenance";
const instanceLabel = "app.kubernetes.io/instance";

/** Name of the port of HTTP processes and of the maintenance page. */
export const httpPort = "http";
/** Name of the port of a backing service in the cluster. */
export const servicePort = "service";

/** Selects everything of a site. */
export function siteSelector(app: Named, settings: Place): Readonly<Record<string, string>> {
  return { [instanceLabel]: baseName(app, settings) };
}

/** Selects the pods of a process. */
export function processSelector(
  app: Named,
  settings: Place,
  process: string,
): Readonly<Record<string, string>> {
  return { ...siteSelector(app, settings), [processLabel]: labelValue(process) };
}

/** Selects the pods of a trial backing service. */
export function serviceSelector(
  app: Named,
  settings: Place,
  service: string,
): Readonly<Record<string, string>> {
  return { ...siteSelector(app, settings), [serviceLabel]: labelValue(service) };
}

/** Selects the pods of the maintenance page; a Service that has it instead of its own serves the page. */
export function maintenanceSelector(app: Named, settings: Place): Readonly<Record<string, string>> {
  return { ...siteSelector(app, settings), [maintenanceLabel]: "true" };
}

/** The labels that Kubernetes recommends, for one object of a site; `component` is a process, a job or a part of ours. */
export function recommendedLabels(
  app: Named,
  settings: Place,
  component?: string,
): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/name": app.name,
    ...siteSelector(app, settings),
    ...(component === undefined ? {} : { "app.kubernetes.io/component": labelValue(component) }),
    "app.kubernetes.io/part-of": app.name,
    "app.kubernetes.io/managed-by": "understudy",
  };
}

/** Object of one domain, where a platform has one for each. */
export function domainObject(app: Named, settings: Place, domain: string): string {
  const name = domain.replace(/^\*/, "wildcard").replaceAll(".", "-");
  const whole = `${baseName(app, settings)}-${name}`;
  // Dots and dashes, and a wildcard and its word, would be the same.
  const isFine = whole.length <= longestName && !domain.includes("-") && !domain.startsWith("*");
  if (isFine) return whole;
  return `${whole.slice(0, longestName - 9).replace(/-+$/, "")}-${shortHash(domain)}`;
}
