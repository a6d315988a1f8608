import { InputError } from "./errors.ts";
import { isJsonObject, type Json } from "./json.ts";

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

/** What lies at a path. */
export function valueAt(value: Json | undefined, path: readonly Segment[]): Json | undefined {
  return path.reduce<Json | undefined>((node, segment) => {
    if (Array.isArray(node)) return node[Number(segment)] as Json | undefined;
    return isJsonObject(node) && Object.hasOwn(node, String(segment)) ? node[String(segment)] : undefined;
  }, value);
}
