import { type Document, isMap, isNode, isPair, LineCounter, type Node, parseAllDocuments } from "yaml";
import { InputError, messageOf } from "../base/errors.ts";
import type { Origin } from "./issue.ts";
import { parseApp } from "./parse.ts";
import type { App } from "./schema.ts";
import { yamlProblems } from "./yaml-problems.ts";

/**
 * The description in a YAML or JSON text.
 * @throws InputError with every problem, each with the line and column of what it is about.
 */
export function parseAppText(text: string, file: string): App {
  const lines = new LineCounter();
  const document = onlyDocument(text, file, lines);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    // An alias without an anchor, or so many that they would fill the memory.
    throw new InputError([{ code: "bad-yaml", message: `${messageOf(error)}.`, file }], { cause: error });
  }
  return parseApp(value, { file, locate: locator(document, lines) });
}

function onlyDocument(text: string, file: string, lines: LineCounter): Document {
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    merge: true,
    prettyErrors: true,
  });
  const [document, second] = "empty" in documents ? [] : documents;
  if (document === undefined) {
    throw new InputError([
      { code: "empty", message: "The file is empty.", file, suggestion: "Make one with: understudy import" },
    ]);
  }
  if (document.errors.length > 0) throw new InputError(yamlProblems(document.errors, lines, file));
  if (second !== undefined) {
    throw new InputError([
      {
        code: "several-documents",
        message: "The file holds several documents.",
        file,
        line: lines.linePos(second.range?.[0] ?? 0).line,
        suggestion: "Keep one app a file: remove all after the line with ---.",
      },
    ]);
  }
  return document;
}

/** Finds the line and column of a path's value or key, or of the nearest thing around it that is written there. */
function locator(document: Document, lines: LineCounter): NonNullable<Origin["locate"]> {
  return (path, atKey) => {
    let node: unknown = document.contents;
    let found: Node | undefined = isNode(node) ? node : undefined;
    for (const [depth, part] of path.entries()) {
      if (isNode(node) && "resolve" in node && typeof node.resolve === "function")
        node = node.resolve(document);
      const pair = isMap(node)
        ? node.items.find((item) => isPair(item) && keyText(item.key) === String(part))
        : undefined;
      const next: unknown = isMap(node) ? pair?.value : nodeAt(node, part);
      if (atKey && depth === path.length - 1 && isNode(pair?.key)) found = pair.key;
      else if (isNode(next)) found = next;
      else if (isNode(pair?.key)) found = pair.key;
      if (next === undefined || next === null) break;
      node = next;
    }
    if (found?.range === undefined || found.range === null) return undefined;
    const { line, col } = lines.linePos(found.range[0]);
    return { line, column: col };
  };
}

function keyText(key: unknown): string {
  return isNode(key) && "value" in key ? String(key.value) : String(key);
}

function nodeAt(node: unknown, part: string | number): unknown {
  return isNode(node) && "items" in node && typeof part === "number"
    ? (node.items as readonly unknown[])[part]
    : undefined;
}
