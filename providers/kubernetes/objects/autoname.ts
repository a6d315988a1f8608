import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";
import { valueAt } from "../client/object.ts";
import { annotations, isSet } from "./annotations.ts";

/** What a name may be made up from. */
export interface NameSource {
  /** The resource's logical name. */
  readonly name: string;
  readonly olds: JsonObject;
  readonly seed: Uint8Array;
}

/** Gives an object that names itself not a name of its own, and keeps it from then on. */
export function autoname(inputs: JsonObject, { name, olds, seed }: NameSource): JsonObject {
  const { metadata = {} } = inputs;
  // Values that only the update will know can't be completed.
  if (!isJsonObject(metadata) || metadata.name !== undefined) return inputs;
  const { annotations: given = {}, generateName, ...rest } = metadata;
  if (!isJsonObject(given)) return inputs;
  const made = isSet(olds, annotations.autonamed) ? valueAt(olds, "metadata.name") : undefined;
  const prefix = typeof generateName === "string" ? generateName : `${slug(name)}-`;
  const chosen: Json = made ?? `${prefix}${Buffer.from(seed).toString("hex").slice(0, 8)}`;
  return {
    ...inputs,
    metadata: { ...rest, name: chosen, annotations: { ...given, [annotations.autonamed]: "true" } },
  };
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, "-");
}
