import { UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import type { KubernetesObject, ObjectRef } from "../client/object.ts";
import type { ObjectClient } from "./client.ts";
import { asApi } from "./schema-keys.ts";
import type { ObjectType } from "./type.ts";

/** The object that checked inputs stand for. */
export function objectOf(type: ObjectType, inputs: JsonObject): KubernetesObject {
  const { apiVersion, kind } = type;
  return { apiVersion, kind, ...asApi(inputs) } as KubernetesObject;
}

/** What an id means: `namespace/name`, or `name`. */
export function refOfId({ apiVersion, kind }: ObjectType, id: string): ObjectRef {
  const [first = "", second] = id.split("/");
  return second === undefined
    ? { apiVersion, kind, name: first }
    : { apiVersion, kind, namespace: first, name: second };
}

export function idOf({ namespace, name }: ObjectRef): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Looks for an object; one of a kind that has namespaces and that names none is in the default one. */
export async function find(
  client: ObjectClient,
  ref: ObjectRef,
  namespace: string,
  options: CallOptions,
): Promise<{ readonly ref: ObjectRef; readonly live: KubernetesObject | undefined }> {
  try {
    return { ref, live: await client.get(ref, options) };
  } catch (error) {
    if (!(error instanceof UnderstudyError) || error.code !== "no-namespace") throw error;
    const placed = { ...ref, namespace };
    return { ref: placed, live: await client.get(placed, options) };
  }
}

/** The object at the place that was found for it. */
export function at(object: KubernetesObject, { namespace }: ObjectRef): KubernetesObject {
  if (namespace === undefined || object.metadata.namespace === namespace) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}
