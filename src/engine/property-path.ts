import { InputError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { isObject, isSecret, own, type Properties, secret } from "./values.ts";

/** A key of an object, an index of a list, or `*` for all of either. */
export type Segment = string | number;

function badPath(path: string, reason: string): InputError {
  return new InputError([
    {
      code: "bad-property-path",
      message: `'${path}' is not a property path: ${reason}.`,
      suggestion: 'Write it like config.NAME, ports[0] or labels["a.b"].',
    },
  ]);
}

/** Reads a path as Pulumi writes it: `a.b`, `a[0]`, `a["with.dots"]`, `a[*].b`. Throws `bad-property-path`. */
export function parsePath(path: string): readonly Segment[] {
  const segments: Segment[] = [];
  // Old plugins write a dot before a bracket.
  const token = /\.?\["((?:\\"|[^"])*)"\]|\.?\[(\d+|\*)\]|(^|\.)([^.[]+)/y;
  while (token.lastIndex < path.length) {
    const start = token.lastIndex;
    const match = path.startsWith(".") ? null : token.exec(path);
    if (match === null) throw badPath(path, `nothing readable at '${path.slice(start)}'`);
    const [, quoted, index, , name] = match;
    if (quoted !== undefined) segments.push(quoted.replaceAll('\\"', '"'));
    else if (index !== undefined) segments.push(index === "*" ? "*" : Number(index));
    else if (name !== undefined) segments.push(name);
  }
  if (segments.length === 0) throw badPath(path, "it is empty");
  return segments;
}

/** A path that a plugin wrote; one that can't be read stands for a property of that very name. */
export function readPath(path: string): readonly Segment[] {
  try {
    return parsePath(path);
  } catch {
    return [path];
  }
}

export function formatPath(segments: readonly Segment[]): string {
  return segments
    .map((segment, index) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (!/^[A-Za-z0-9_]+$/.test(segment)) return `["${segment.replaceAll('"', '\\"')}"]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join("");
}

/** Whether `path` lies at or below `pattern`. */
export function covers(pattern: readonly Segment[], path: readonly Segment[]): boolean {
  return (
    pattern.length <= path.length &&
    pattern.every((segment, index) => segment === "*" || segment === path[index])
  );
}

/** What lies at a path; what lies inside a secret is one too. */
export function getPath(value: Json | undefined, path: readonly Segment[]): Json | undefined {
  return path.reduce<Json | undefined>((node, segment) => {
    const inner = isSecret(node) ? node.value : node;
    const found = Array.isArray(inner)
      ? (inner[Number(segment)] as Json | undefined)
      : isObject(inner)
        ? own(inner, String(segment))
        : undefined;
    return found !== undefined && isSecret(node) ? secret(found) : found;
  }, value);
}

/** An object or list without its secret wrapper, and the way to put the wrapper back. */
function open(value: Json | undefined): {
  readonly inner: Json | undefined;
  readonly close: (value: Json) => Json;
} {
  return isSecret(value) ? { inner: value.value, close: secret } : { inner: value, close: (same) => same };
}

/** `wanted` with what lies at the path taken from `current`, as `ignoreChanges` asks. Where the shapes differ, nothing is done. */
function resetValue(
  path: readonly Segment[],
  current: Json | undefined,
  wanted: Json | undefined,
): Json | undefined {
  const [segment, ...rest] = path;
  if (segment === undefined) return current;
  const { inner: from } = open(current);
  const { inner: to, close } = open(wanted);
  const reset = (item: Json | undefined, old: Json | undefined): Json | undefined =>
    isSecret(current) && old !== undefined && !isSecret(wanted)
      ? resetValue(rest, secret(old), item)
      : resetValue(rest, old, item);
  if (Array.isArray(to)) {
    if (!Array.isArray(from)) return wanted;
    return close(
      to.map((item: Json, index) =>
        (segment === "*" || segment === index) && index < from.length
          ? (reset(item, from[index]) ?? item)
          : item,
      ),
    );
  }
  if (!isObject(to) || (from !== undefined && !isObject(from))) return wanted;
  const old = isObject(from) ? from : {};
  const keys = segment === "*" ? new Set([...Object.keys(to), ...Object.keys(old)]) : [String(segment)];
  const result = new Map(Object.entries(to));
  for (const key of keys) {
    // Only the last segment may make or remove a property: what leads there is never invented.
    if (rest.length > 0 && (!result.has(key) || !Object.hasOwn(old, key))) continue;
    const value = reset(result.get(key), own(old, key));
    if (value === undefined) result.delete(key);
    else result.set(key, value);
  }
  return close(Object.fromEntries(result));
}

/** The wanted inputs with every ignored path set back to its current value. */
export function ignoreChanges(paths: readonly string[], current: Properties, wanted: Properties): Properties {
  return paths.reduce<Properties>(
    (inputs, path) => resetValue(parsePath(path), current, inputs) as Properties,
    wanted,
  );
}
