import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";
import { valueAt as valueAtPath } from "../../../src/base/property-path.ts";

/** Says which object is meant. `namespace` is left out for kinds that have none. */
export interface ObjectRef {
  /** e.g. `apps/v1`, or `v1` for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** What every object says of itself. */
export type ObjectMetadata = JsonObject & {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Any object of the API. */
export type KubernetesObject = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
};

const strings = z.record(z.string(), z.string());

/** What the client relies on in every object that a server sends. */
const objectShape = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().exactOptional(),
    uid: z.string().exactOptional(),
    resourceVersion: z.string().exactOptional(),
    labels: strings.exactOptional(),
    annotations: strings.exactOptional(),
  }),
});

/** The reference of an object. */
export function refOf(object: KubernetesObject): ObjectRef {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, name: metadata.name, namespace: metadata.namespace };
}

/** As people read it: `Deployment shop/web`. */
export function titleOf({ kind, name, namespace }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** What stands at a path of an object, or undefined. Dots go deeper; whole numbers go into lists. */
export function valueAt(object: Json | undefined, path: string): Json | undefined {
  return valueAtPath(object, path.split("."));
}

function strange(server: string, what: string): UnderstudyError {
  return new UnderstudyError(`${server} answered with ${what}.`, {
    code: "bad-response",
    suggestion: "Check that the address is that of a Kubernetes API server.",
  });
}

/** @throws UnderstudyError `bad-response` */
export function checkedObject(value: unknown, server: string): KubernetesObject {
  const result = objectShape.safeParse(value);
  if (result.success) return value as KubernetesObject;
  const [issue] = result.error.issues;
  throw strange(server, `an object that is wrong at ${issue?.path.join(".") || "its root"}`);
}

/** One page of a list; `next` is empty on the last. */
export interface Page {
  readonly items: readonly JsonObject[];
  readonly next: string;
  readonly resourceVersion: string;
}

/** @throws UnderstudyError `bad-response` */
export function checkedList(value: unknown, server: string): Page {
  const metadata = isJsonObject(value) ? value.metadata : undefined;
  if (!isJsonObject(value) || !isJsonObject(metadata)) throw strange(server, "something that is no list");
  return {
    items: (value.items ?? []) as readonly JsonObject[],
    next: String(metadata.continue ?? ""),
    resourceVersion: String(metadata.resourceVersion ?? ""),
  };
}
