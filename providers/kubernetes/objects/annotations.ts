import type { JsonObject } from "../../../src/base/json.ts";
import { valueAt } from "../client/object.ts";

/** What users of the package say in annotations about how an object is carried out (pulumi.com, "Managed annotations"). */
export const annotations = {
  /** `"true"` on an object whose name was made up. */
  autonamed: "pulumi.com/autonamed",
  /** `"true"`: don't wait until it is ready. */
  skipAwait: "pulumi.com/skipAwait",
  /** `condition=TYPE`, `condition=TYPE=STATUS`, `jsonpath={.path}=value`, or a JSON list of such: wait for these instead. */
  waitFor: "pulumi.com/waitFor",
  /** How long to wait where the program sets no time of its own. */
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  /** `"true"`: take over fields that others manage. */
  patchForce: "pulumi.com/patchForce",
  /** The field manager to use. */
  fieldManager: "pulumi.com/patchFieldManager",
  /** `foreground` (default) or `background`. */
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
  /** `"true"`: make a Job that has failed anew. */
  replaceUnready: "pulumi.com/replaceUnready",
} as const;

/** The annotation's text; undefined when the object doesn't have it. */
export function annotationOf(object: JsonObject, name: string): string | undefined {
  const all = valueAt(object, "metadata.annotations");
  const value = typeof all === "object" && all !== null ? (all as JsonObject)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

export function isSet(object: JsonObject, name: string): boolean {
  return annotationOf(object, name) === "true";
}
