import { sortKeys } from "../../../src/base/json.ts";
import type { InputValue, RenderedResource } from "../../../src/platform/contract.ts";
import type { Fields, KubeObject, KubeResource, Labels } from "./kube.ts";
import type { Site } from "./site.ts";

interface Wish {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object's name. */
  readonly name: string;
  readonly labels?: Labels;
  readonly annotations?: Labels | undefined;
  /** What stands beside `metadata`, e.g. `spec`. */
  readonly fields?: Fields;
  readonly isClusterWide?: boolean;
  readonly dependsOn?: readonly string[];
  readonly options?: Pick<RenderedResource, "roleInputs" | "secretOutputs" | "timeoutSeconds" | "holdsData">;
}

/** Logical name of the Namespace. */
export const namespaceResource = "namespace";

/** Annotations with this prefix speak to Pulumi alone. */
export const pulumiPrefix = "pulumi.com/";

/**
 * Pulumi and the failover plane write some fields of the same objects. With this annotation an `up` doesn't fail on that:
 * what it writes follows from the ledger, as what the failover plane wrote did.
 */
export const sharedWithFailover: Labels = { [`${pulumiPrefix}patchForce`]: "true" };

const skipAwait = `${pulumiPrefix}skipAwait`;

/** Pulumi does not wait for such an object to be ready. */
export const unawaited: Labels = { [skipAwait]: "true" };

/** A Job that failed stays as it is; the next `up` makes it anew, so that a release can be tried again. */
export const madeAnewOnFailure: Labels = { [`${pulumiPrefix}replaceUnready`]: "true" };

/** Property path of that annotation. */
export const unawaitedPath = `metadata.annotations["${skipAwait}"]`;

/** What must be there before anything in the namespace. */
export function afterNamespace(
  { settings }: Site,
  others: readonly string[] = [],
): { readonly dependsOn?: readonly string[] } {
  const all = [...(settings.createNamespace ? [namespaceResource] : []), ...others];
  return all.length === 0 ? {} : { dependsOn: all };
}

function nonEmpty(labels: Labels | undefined): Labels | undefined {
  return labels === undefined || Object.keys(labels).length === 0 ? undefined : labels;
}

/** Type of a resource of the Pulumi package, e.g. `kubernetes:apps/v1:Deployment`. */
function typeOf(apiVersion: string, kind: string): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

/** An object of a site as a resource with that logical name; keys sorted, undefined ones left out. */
export function kubeResource(site: Site, logicalName: string, wish: Wish): KubeResource {
  const { apiVersion, kind, name, fields = {}, options = {} } = wish;
  const metadata = {
    name,
    namespace: wish.isClusterWide === true ? undefined : site.namespace,
    labels: nonEmpty(wish.labels),
    annotations: nonEmpty(wish.annotations),
  };
  const after = wish.isClusterWide === true ? {} : afterNamespace(site, wish.dependsOn);
  return {
    type: typeOf(apiVersion, kind),
    name: logicalName,
    inputs: sortKeys({ apiVersion, kind, metadata, ...fields }) as unknown as KubeObject,
    ...after,
    ...options,
  };
}

/** Fields without those that are undefined, at this level. */
export function defined(fields: Fields): { readonly [field: string]: InputValue } {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, InputValue] => entry[1] !== undefined),
  );
}
