import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { parsePath } from "../../src/base/property-path.ts";
import { type Path, unknownValue } from "./wire.ts";

/** What is known of a resource when its update is previewed. */
export interface Foreseeing {
  /** Inputs and outputs as they are. */
  readonly olds: JsonObject;
  readonly oldInputs: JsonObject;
  readonly inputs: JsonObject;
  /** Property paths of outputs that can't change. */
  readonly stableOutputs: readonly string[];
}

/**
 * The outputs that an update would leave: the new inputs, what can't change, and, inside of objects that both have,
 * `unknown` for what the platform adds. Other outputs are left out, which engines take as unknown.
 */
export function foresee({ olds, oldInputs, inputs, stableOutputs }: Foreseeing): JsonObject {
  const stable = stableOutputs.map(parsePath);
  const isStable = (path: Path): boolean =>
    stable.some((one) => one.length === path.length && one.every((key, at) => key === path[at]));
  const walk = (old: Json | undefined, given: Json | undefined, now: Json | undefined, path: Path) => {
    if (now === undefined) {
      if (old !== undefined && isStable(path)) return old;
      return old !== undefined && given === undefined && path.length > 1 ? unknownValue : undefined;
    }
    if (!isJsonObject(old) || !isJsonObject(now)) return now;
    return objects(old, isJsonObject(given) ? given : {}, now, path);
  };
  const objects = (old: JsonObject, given: JsonObject, now: JsonObject, path: Path): JsonObject =>
    Object.fromEntries(
      [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) => {
        const value: Json | undefined = walk(old[key], given[key], now[key], [...path, key]);
        return value === undefined ? [] : [[key, value]];
      }),
    );
  return objects(olds, oldInputs, inputs, []);
}
