import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";
import type { KubernetesObject } from "../client/object.ts";

/**
 * Fields of an object as `metadata.managedFields` tells them (fieldsV1): keys are `f:NAME`, `k:{"key":...}` for an item of
 * a list that is told apart by keys, `v:VALUE` for one of a set. A field without any below is held as a whole.
 */
export type FieldTree = { readonly [key: string]: FieldTree };

/** What one manager holds. */
export interface Holder {
  readonly manager: string;
  readonly operation: string;
  readonly fields: FieldTree;
}

export function holdersOf(object: KubernetesObject): readonly Holder[] {
  const { managedFields } = object.metadata;
  if (!Array.isArray(managedFields)) return [];
  return managedFields.flatMap((entry: Json) => {
    if (!isJsonObject(entry) || entry.subresource === "status") return [];
    const { manager, operation, fieldsV1 } = entry;
    return typeof manager === "string" && isJsonObject(fieldsV1)
      ? [{ manager, operation: String(operation), fields: fieldsV1 as FieldTree }]
      : [];
  });
}

/** Every field that anybody holds. */
export function allFields(object: KubernetesObject): FieldTree {
  return holdersOf(object).reduce<FieldTree>((all, { fields }) => merged(all, fields), {});
}

function merged(a: FieldTree, b: FieldTree): FieldTree {
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [
      key,
      merged(a[key] ?? {}, b[key] ?? {}),
    ]),
  );
}

/** How a list is merged, as far as the fields held of it tell. */
export type ListKind = "keyed" | "set" | "atomic";

export function listKind(fields: FieldTree): ListKind {
  const keys = Object.keys(fields);
  if (keys.some((key) => key.startsWith("k:"))) return "keyed";
  return keys.some((key) => key.startsWith("v:")) ? "set" : "atomic";
}

/** The keys that tell a list's items apart, and what is held of that item. */
export interface ItemFields {
  readonly keys: JsonObject;
  readonly fields: FieldTree;
}

export function itemsOf(fields: FieldTree): readonly ItemFields[] {
  return Object.entries(fields).flatMap(([key, below]) => {
    if (!key.startsWith("k:")) return [];
    const keys: unknown = JSON.parse(key.slice(2));
    return isJsonObject(keys) ? [{ keys, fields: below }] : [];
  });
}

/** Whether an item has these keys; one that it doesn't mention may be a default. */
export function matches(item: Json, keys: JsonObject): boolean {
  if (!isJsonObject(item)) return false;
  const told = Object.entries(keys).filter(([key]) => item[key] !== undefined);
  return told.length > 0 && told.every(([key, value]) => isDeepStrictEqual(item[key], value));
}

/** Whether a field at the path, or anything below, is held. `object` tells which item an index means. */
export function isHeld(
  fields: FieldTree,
  object: Json | undefined,
  path: readonly (string | number)[],
): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (typeof key === "number") {
    const item = Array.isArray(object) ? (object[key] as Json) : undefined;
    const found = item === undefined ? undefined : itemsOf(fields).find(({ keys }) => matches(item, keys));
    return found !== undefined && isHeld(found.fields, item, rest);
  }
  const below = fields[`f:${key}`];
  if (below === undefined) return false;
  // Who holds all of a list or an object that isn't merged holds what lies in it.
  if (Object.keys(below).length === 0) return true;
  return isHeld(below, isJsonObject(object) ? object[key] : undefined, rest);
}
