import { isJsonObject, type Json } from "../../../../src/base/json.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";

/** One of an object's `status.conditions`. */
export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** When it was last said, RFC 3339; empty where a kind doesn't tell. */
  readonly updated: string;
}

export function conditionOf(object: KubernetesObject, type: string): Condition | undefined {
  const all = valueAt(object, "status.conditions");
  if (!Array.isArray(all)) return undefined;
  const found = all.find((item: Json) => isJsonObject(item) && item.type === type);
  if (!isJsonObject(found)) return undefined;
  const { status, reason, message, lastUpdateTime, lastTransitionTime } = found;
  return {
    status: String(status),
    reason: String(reason ?? ""),
    message: String(message ?? ""),
    updated: String(lastUpdateTime ?? lastTransitionTime ?? ""),
  };
}

export function isTrue(object: KubernetesObject, type: string): boolean {
  return conditionOf(object, type)?.status === "True";
}

/** A number of an object; what isn't there is 0, as the API leaves it out. */
export function countAt(object: KubernetesObject, path: string): number {
  const value = valueAt(object, path);
  return typeof value === "number" ? value : 0;
}

/** Whether the controller has seen the object as it is now. */
export function isObserved(object: KubernetesObject): boolean {
  return countAt(object, "status.observedGeneration") >= countAt(object, "metadata.generation");
}
