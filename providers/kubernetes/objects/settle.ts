import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";

/**
 * What was asked, changed where an object isn't as it would be if it had just been applied: `expected` and `seen` are
 * both in the server's form, which may differ from the asker's (`0.5` of a CPU is `500m`) and mean the same.
 */
export function settle(asked: JsonObject, expected: JsonObject, seen: JsonObject): JsonObject {
  return Object.fromEntries(
    [...new Set([...Object.keys(asked), ...Object.keys(seen)])].flatMap((key) => {
      const value = settleValue(asked[key], expected[key], seen[key]);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

function settleValue(
  asked: Json | undefined,
  expected: Json | undefined,
  seen: Json | undefined,
): Json | undefined {
  if (isDeepStrictEqual(expected, seen)) return asked;
  if (isJsonObject(asked) && isJsonObject(expected) && isJsonObject(seen))
    return settle(asked, expected, seen);
  if (Array.isArray(asked) && Array.isArray(expected) && Array.isArray(seen)) {
    if (asked.length === seen.length && expected.length === seen.length) {
      return asked.map((item: Json, index) => settleValue(item, expected[index], seen[index]) ?? null);
    }
  }
  return seen;
}
