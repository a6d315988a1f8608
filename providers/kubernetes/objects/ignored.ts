import { isJsonObject, type Json } from "../../../src/base/json.ts";
import { valueAt } from "../../../src/base/property-path.ts";
import type { KubernetesObject } from "../client/object.ts";
import { holdersOf, isHeld } from "./managed-fields.ts";

type Path = readonly (string | number)[];

/**
 * What to apply when the program leaves some fields alone: those that others hold are left out, so that they stay
 * theirs; those that are ours are given as they are, since to leave one out would unset it. The last known values, which
 * the inputs have there, may be long out of date.
 */
export function leavingAlone(
  object: KubernetesObject,
  live: KubernetesObject,
  ignored: readonly Path[],
  manager: string,
): KubernetesObject {
  const holders = holdersOf(live);
  return ignored.reduce<KubernetesObject>((result, path) => {
    if (valueAt(result, path) === undefined) return result;
    const holding = holders.filter(({ fields }) => isHeld(fields, live, path));
    const isTheirs = holding.length > 0 && holding.every((holder) => holder.manager !== manager);
    if (isTheirs) return withValue(result, path, undefined) as KubernetesObject;
    const value = valueAt(live, path);
    return value === undefined ? result : (withValue(result, path, value) as KubernetesObject);
  }, object);
}

/** The value with another at the path, or with none. Nothing is made on the way there. */
function withValue(at: Json, [key, ...rest]: Path, value: Json | undefined): Json {
  if (Array.isArray(at)) {
    return at.map((item: Json, index) =>
      index === key && rest.length > 0 ? withValue(item, rest, value) : item,
    );
  }
  if (!isJsonObject(at) || key === undefined) return at;
  const { [key]: old, ...others } = at;
  if (rest.length > 0) return old === undefined ? at : { ...at, [key]: withValue(old, rest, value) };
  return value === undefined ? others : { ...at, [key]: value };
}
