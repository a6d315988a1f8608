import type { Tree, TreeMap } from "../tree.ts";

const variable = /\(\(([^()\s]+)\)\)/g;

/** The names of the `((variables))` in a text. */
export function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(variable)].map((match) => match[1] ?? "");
}

/** A text without its `((variables))` and the separators that they leave behind. */
export function withoutVariables(text: string): string {
  return text
    .replaceAll(variable, " ")
    .trim()
    .replaceAll(/[-_.]?\s+[-_.]?/g, "-")
    .replaceAll(/^[-_.]+|[-_.]+$/g, "");
}

/** The tree with every variable filled in whose value is given. */
export function fillVariables(tree: Tree, values: ReadonlyMap<string, string>): Tree {
  const filled = new Map<Tree, Tree>();
  const fill = (node: Tree): Tree => {
    const known = filled.get(node);
    if (known !== undefined) return known;
    const copyOf = node.copyOf === undefined ? {} : { copyOf: fill(node.copyOf) };
    let result: Tree;
    if (node.kind === "list") result = { ...node, items: node.items.map(fill), ...copyOf };
    else if (node.kind === "map") {
      const entries: TreeMap["entries"] = node.entries.map((entry) => ({
        ...entry,
        value: fill(entry.value),
      }));
      result = { ...node, entries, ...copyOf };
    } else if (typeof node.value === "string" && variablesIn(node.value).some((name) => values.has(name))) {
      const value = node.value.replaceAll(variable, (whole, name: string) => values.get(name) ?? whole);
      result = { ...node, value, text: value, ...copyOf };
    } else result = { ...node, ...copyOf };
    filled.set(node, result);
    return result;
  };
  return fill(tree);
}
