import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";

export type ChangeKind = "add" | "delete" | "update";

/** One changed input, at the deepest place where the two sides can be told apart. */
export interface Change {
  /** Pulumi's property path: `processes.web`, `domains[0]`, `config["A.B"]`. */
  readonly path: string;
  /** The top-level input that it belongs to. */
  readonly input: string;
  readonly kind: ChangeKind;
}

function join(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

/** Every input that differs; a value that is unknown in a preview counts as changed. */
export function changesBetween(olds: JsonObject, news: JsonObject): readonly Change[] {
  const walk = (before: Json | undefined, after: Json | undefined, path: string, input: string): Change[] => {
    if (isDeepStrictEqual(before, after)) return [];
    if (before === undefined) return [{ path, input, kind: "add" }];
    if (after === undefined) return [{ path, input, kind: "delete" }];
    if (isJsonObject(before) && isJsonObject(after)) {
      return keysOf(before, after).flatMap((key) =>
        walk(before[key], after[key], join(path, key), path === "" ? key : input),
      );
    }
    if (Array.isArray(before) && Array.isArray(after)) {
      const length = Math.max(before.length, after.length);
      return Array.from({ length }, (_, index) =>
        walk(before[index], after[index], join(path, index), input),
      ).flat();
    }
    return [{ path, input, kind: "update" }];
  };
  return walk(olds, news, "", "");
}

function keysOf(a: JsonObject, b: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
}
