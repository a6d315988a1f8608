import { isPublic } from "../../../src/app/roles.ts";
import { NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions, ControlledSite } from "../../../src/platform/contract.ts";
import type { KubernetesClient } from "../client/client.ts";
import { labelSelectorOf } from "../client/labels.ts";
import { type KubernetesObject, type ObjectRef, valueAt } from "../client/object.ts";
import type { KubernetesConnection } from "../connection.ts";
import {
  baseName,
  configObject,
  labelValue,
  namespaceOf,
  processLabel,
  processObject,
  siteSelector,
} from "../names.ts";
import type { Settings } from "../settings.ts";

/** One site on one cluster: what every part of its control works with. */
export interface Place {
  readonly client: KubernetesClient;
  readonly connection: KubernetesConnection;
  readonly site: ControlledSite<Settings>;
  readonly namespace: string;
}

export function placeOf(
  client: KubernetesClient,
  connection: KubernetesConnection,
  site: ControlledSite<Settings>,
): Place {
  return { client, connection, site, namespace: namespaceOf(site.app, site.settings) };
}

export function deploymentRef({ namespace, site: { app, settings } }: Place, process: string): ObjectRef {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    namespace,
    name: processObject(app, settings, process),
  };
}

/** A process that stands on the cluster. */
export interface ProcessObject {
  /** As in the app. */
  readonly process: string;
  readonly deployment: KubernetesObject;
}

/** Labels hold names that the description may write differently. */
function namesByLabel({ site: { app } }: Place): ReadonlyMap<string, string> {
  return new Map(Object.keys(app.processes).map((name) => [labelValue(name), name]));
}

/** The name of the process that an object is part of, by its label. */
export function processNamed(place: Place, { metadata }: KubernetesObject): string | undefined {
  const label = metadata.labels?.[processLabel];
  return label === undefined ? undefined : (namesByLabel(place).get(label) ?? label);
}

/**
 * The Deployments of the site's processes, also of those that the description no longer has.
 * @throws NotFoundError `app-not-found` when nothing of the site is there
 */
export async function processesOf(place: Place, options: CallOptions): Promise<readonly ProcessObject[]> {
  const { client, namespace, site } = place;
  const { app, settings } = site;
  const labelSelector = labelSelectorOf(siteSelector(app, settings), processLabel);
  const query = { apiVersion: "apps/v1", kind: "Deployment", namespace, labelSelector };
  const found = await client.list(query, options);
  if (found.length === 0) await assertThere(place, options);
  return found.flatMap((deployment) => {
    const process = processNamed(place, deployment);
    return process === undefined ? [] : [{ process, deployment }];
  });
}

/** An app may have no process, but it has its config. */
async function assertThere({ client, namespace, site }: Place, options: CallOptions): Promise<void> {
  const { app, settings } = site;
  const name = configObject(app, settings);
  if ((await client.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name }, options)) !== undefined)
    return;
  throw new NotFoundError(
    `There is nothing of '${baseName(app, settings)}' in namespace '${namespace}' on ${client.server}.`,
    {
      code: "app-not-found",
      path: `${namespace}/${baseName(app, settings)}`,
      suggestion: "Run `understudy up` for this site first.",
    },
  );
}

/** The process that users come to: web, or the first public one. */
export function frontProcess({ site: { app } }: Place): string | undefined {
  const names = publicProcesses(app);
  return names.includes("web") ? "web" : names[0];
}

export function publicProcesses(app: ControlledSite["app"]): readonly string[] {
  return Object.entries(app.processes)
    .filter(([name, process]) => isPublic(name, process))
    .map(([name]) => name)
    .toSorted();
}

/** A number in an object, 0 where there is none. */
export function numberAt(object: KubernetesObject, path: string): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : 0;
}
