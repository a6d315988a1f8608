import { parse } from "yaml";
import { pointerSegment } from "../../src/import/tree.ts";

/** Pointer of every key and list item of a value, worked out without the importer. */
export function pointersOf(value: unknown, pointer = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : Object.entries(value);
  return entries.flatMap(([key, item]) => {
    const place = pointer + pointerSegment(key);
    return [place, ...pointersOf(item, place)];
  });
}

/** The keys of a YAML text with its merge keys followed, and those merge keys themselves. */
export function yamlPointers(text: string): readonly string[] {
  const options = { uniqueKeys: false, maxAliasCount: 10_000 };
  const merged = pointersOf(parse(text, { ...options, merge: true }));
  const plain = pointersOf(parse(text, options));
  return [...merged, ...plain.filter((pointer) => pointer.endsWith("/<<"))];
}

/** Lines of a Procfile that hold anything, 1-based. */
export function linesOf(text: string): readonly number[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => (line.trim() === "" ? [] : [index + 1]));
}
