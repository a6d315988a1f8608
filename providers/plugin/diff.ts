import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { covers, valueAt } from "../../src/base/property-path.ts";
import type { Path } from "./wire.ts";

export type ChangeKind = "add" | "delete" | "update";

/** One changed input, at the deepest place where the two sides can be told apart. */
export interface Change {
  readonly path: Path;
  readonly kind: ChangeKind;
}

/** Every input that differs; a value that is unknown in a preview counts as changed. */
export function changesBetween(olds: JsonObject, news: JsonObject): readonly Change[] {
  const walk = (before: Json | undefined, after: Json | undefined, path: Path): Change[] => {
    if (isDeepStrictEqual(before, after)) return [];
    if (before === undefined) return [{ path, kind: "add" }];
    if (after === undefined) return [{ path, kind: "delete" }];
    if (isJsonObject(before) && isJsonObject(after)) {
      return keysOf(before, after).flatMap((key) => walk(before[key], after[key], [...path, key]));
    }
    if (Array.isArray(before) && Array.isArray(after)) {
      const length = Math.max(before.length, after.length);
      return Array.from({ length }, (_, index) => walk(before[index], after[index], [...path, index])).flat();
    }
    return [{ path, kind: "update" }];
  };
  return walk(olds, news, []);
}

function keysOf(a: JsonObject, b: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}

/** What of a change needs a new resource: it lies at or below one of the paths, or what holds it came, went or is unknown. */
export function replaces(
  change: Change,
  replaceOn: readonly Path[],
  olds: JsonObject,
  news: JsonObject,
): boolean {
  return replaceOn.some((pattern) => {
    if (covers(pattern, change.path)) return true;
    if (change.path.length >= pattern.length || !covers(pattern.slice(0, change.path.length), change.path))
      return false;
    // Without a word about it on the side that is known, the other side has none to contradict.
    const known = valueAt(olds, pattern) ?? valueAt(news, pattern);
    return known !== undefined;
  });
}
