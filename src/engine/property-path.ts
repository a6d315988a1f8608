import type { Json } from "../base/json.ts";
import { parsePath, type Segment } from "../base/property-path.ts";
import { isObject, isSecret, own, type Properties, secret } from "./values.ts";

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
