import { createHash } from "node:crypto";
import type { JsonObject } from "../../../src/base/json.ts";
import type { KubernetesObject } from "../client/object.ts";
import { annotationOf, annotations } from "./annotations.ts";
import { holdersOf } from "./managed-fields.ts";

/** Of whoever calls without saying for which resource. */
export const defaultManager = "pulumi-kubernetes";

/**
 * The field manager in whose name a resource's object is applied. As with the package's own plugin each resource has one
 * of its own, kept in its outputs under that plugin's key; here it follows from the URN, so that a run that was killed
 * before it could write its state knows its own work again.
 */
export function managerOf(urn: string | undefined, inputs: JsonObject, outputs: JsonObject = {}): string {
  const named = annotationOf(inputs, annotations.fieldManager);
  if (named !== undefined && named !== "") return named;
  const { __fieldManager: known } = outputs;
  if (typeof known === "string" && known !== "") return known;
  if (urn === undefined) return defaultManager;
  return `${defaultManager}-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;
}

/** Whether the object was applied in that manager's name. */
export function wasAppliedBy(object: KubernetesObject, manager: string): boolean {
  return holdersOf(object).some((holder) => holder.manager === manager && holder.operation === "Apply");
}
