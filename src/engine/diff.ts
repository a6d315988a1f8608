import type { Json } from "../base/json.ts";
import { covers, formatPath, parsePath, readPath, type Segment } from "../base/property-path.ts";
import type { PropertyChange } from "./events.ts";
import { getPath } from "./property-path.ts";
import { isObject, isSecret, mapValue, own, type Properties, sameValue, unknownValue } from "./values.ts";

/** A plugin's verdict on one resource, or the engine's own. */
export interface Diff {
  readonly changed: boolean;
  /** Top-level properties or paths whose change needs a new resource. */
  readonly replaceKeys: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly changes: readonly PropertyChange[];
}

export const noDiff: Diff = { changed: false, replaceKeys: [], deleteBeforeReplace: false, changes: [] };

/** A value as it may be shown: no secrets, and `<computed>` for what isn't known yet. */
export function shown(value: Json): Json {
  return mapValue(value, (node) => {
    if (isSecret(node)) return "[secret]";
    return node === unknownValue ? "<computed>" : undefined;
  });
}

function change(
  path: readonly Segment[],
  before: Json | undefined,
  after: Json | undefined,
  replaces: boolean,
): PropertyChange {
  // Where one side is secret, the other may be the same text in clear: both are masked.
  const mask = isSecret(before) || isSecret(after) ? (): Json => "[secret]" : shown;
  return {
    path: formatPath(path),
    kind: before === undefined ? "add" : after === undefined ? "delete" : "update",
    replaces,
    ...(before === undefined ? {} : { before: mask(before) }),
    ...(after === undefined ? {} : { after: mask(after) }),
  };
}

function compare(
  path: readonly Segment[],
  before: Json | undefined,
  after: Json | undefined,
): readonly PropertyChange[] {
  if (sameValue(before, after)) return [];
  if (isObject(before) && isObject(after) && !isSecret(before) && !isSecret(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .sort()
      .flatMap((key) => compare([...path, key], own(before, key), own(after, key)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item: Json, index) => compare([...path, index], item, after[index]));
  }
  return [change(path, before, after, false)];
}

/** How two sets of properties differ, leaf by leaf, sorted by path. */
export function compareProperties(before: Properties, after: Properties): readonly PropertyChange[] {
  return compare([], before, after);
}

/** A difference that a plugin named by path, with the values on both sides. */
export function changeAt(
  path: string,
  before: Properties,
  after: Properties,
  replaces: boolean,
): PropertyChange {
  const segments = readPath(path);
  const [old, now] = [getPath(before, segments), getPath(after, segments)];
  return old === undefined && now === undefined
    ? { path, kind: "update", replaces }
    : change(segments, old, now, replaces);
}

/** Turns changes into replacements where the program's `replaceOnChanges` covers them. */
export function replaceOnChanges(diff: Diff, patterns: readonly string[]): Diff {
  if (patterns.length === 0 || !diff.changed) return diff;
  const parsed = patterns.map(parsePath);
  const changes = diff.changes.map((item) =>
    parsed.some((pattern) => covers(pattern, readPath(item.path))) ? { ...item, replaces: true } : item,
  );
  const keys = changes.filter((item) => item.replaces).map((item) => item.path);
  return { ...diff, changes, replaceKeys: [...new Set([...diff.replaceKeys, ...keys])] };
}
