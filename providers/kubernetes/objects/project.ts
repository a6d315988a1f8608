import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";
import { type FieldTree, itemsOf, listKind, matches } from "./managed-fields.ts";

/**
 * What an object says where somebody asked for something: its values at the places of `asked`, and no others. Lists and
 * objects that are held as a whole are given as a whole, so that what others have put there shows. `fields` tells how
 * each list is merged (see {@link FieldTree}).
 */
export function project(asked: JsonObject, live: JsonObject, fields: FieldTree): JsonObject {
  return Object.fromEntries(
    Object.entries(asked).flatMap(([key, wanted]) => {
      const value = live[key];
      return value === undefined ? [] : [[key, projectValue(wanted, value, fields[`f:${key}`])]];
    }),
  );
}

function projectValue(asked: Json, live: Json, fields: FieldTree | undefined): Json {
  const isWhole = fields !== undefined && Object.keys(fields).length === 0;
  if (isWhole) return live;
  if (isJsonObject(asked) && isJsonObject(live)) return project(asked, live, fields ?? {});
  if (Array.isArray(asked) && Array.isArray(live)) return projectList(asked, live, fields ?? {});
  return live;
}

function projectList(asked: readonly Json[], live: readonly Json[], fields: FieldTree): Json {
  const kind = listKind(fields);
  if (kind === "atomic") return live;
  if (kind === "set") return asked.filter((item) => live.some((other) => isDeepStrictEqual(other, item)));
  const items = itemsOf(fields);
  return asked.flatMap((item): readonly Json[] => {
    // Two items may fit one that leaves a key out: an exact one is meant first.
    const fitting = items.filter(({ keys }) => matches(item, keys));
    const entry =
      fitting.find(({ keys }) => Object.keys(keys).every((key) => hasKey(item, key))) ?? fitting[0];
    const found = entry === undefined ? undefined : live.find((other) => matches(other, entry.keys));
    return entry === undefined || found === undefined ? [] : [projectValue(item, found, entry.fields)];
  });
}

function hasKey(value: Json, key: string): boolean {
  return isJsonObject(value) && value[key] !== undefined;
}

/** What of an object is held by these fields, in the form of inputs. */
export function extract(live: JsonObject, fields: FieldTree): JsonObject {
  return Object.fromEntries(
    Object.entries(live).flatMap(([key, value]) => {
      const below = fields[`f:${key}`];
      return below === undefined ? [] : [[key, extractValue(value, below)]];
    }),
  );
}

function extractValue(live: Json, fields: FieldTree): Json {
  if (Object.keys(fields).length === 0) return live;
  if (isJsonObject(live)) return extract(live, fields);
  if (!Array.isArray(live)) return live;
  if (listKind(fields) === "set") return live.filter((item: Json) => `v:${JSON.stringify(item)}` in fields);
  const items = itemsOf(fields);
  return live.flatMap((item: Json): readonly Json[] => {
    const held = items.find(({ keys }) => matches(item, keys));
    return held === undefined ? [] : [extractValue(item, held.fields)];
  });
}
