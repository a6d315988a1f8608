import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
} from "yaml";
import { yamlProblems } from "../app/yaml-problems.ts";
import { InputError } from "../base/errors.ts";
import { type ParsedFile, shadowDuplicates, type Tree, type TreeEntry, type TreeMap } from "./tree.ts";

/** Deep enough for any real file, shallow enough for the stack. */
const maxDepth = 100;

/** Aliases may multiply a file: more nodes than any real file has are refused. */
const maxNodes = 100_000;

/**
 * Reads YAML with its anchors and merge keys followed.
 * @throws InputError `bad-yaml` with line, column and what to do.
 */
export function parseYamlTree(text: string, file: string): ParsedFile {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text.replace(/^\uFEFF/, ""), { lineCounter: lines, uniqueKeys: false });
  const [document, second] = "empty" in documents ? [] : documents;
  if (document === undefined || document.contents === null) {
    throw new InputError([
      { code: "empty-file", message: "The file is empty.", file, suggestion: "Remove it, or fill it." },
    ]);
  }
  if (document.errors.length > 0) {
    const problems = yamlProblems(document.errors, lines, file);
    // One fault makes the parser stumble several times: the first of a line tells.
    throw new InputError(
      problems.filter((problem, index) => problems.findIndex(({ line }) => line === problem.line) === index),
    );
  }
  const builder = new TreeBuilder(document, lines, file);
  const tree = builder.build(document.contents);
  const repairs =
    second === undefined
      ? builder.repairs
      : [
          ...builder.repairs,
          {
            line: lines.linePos(second.range[0]).line,
            message: "It holds several documents; only the first is read.",
          },
        ];
  return { tree, repairs };
}

class TreeBuilder {
  readonly repairs: { readonly line: number; readonly message: string }[] = [];
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #file: string;
  readonly #built = new Map<ParsedNode, Tree>();
  readonly #open = new Set<ParsedNode>();
  #nodes = 0;

  constructor(document: Document.Parsed, lines: LineCounter, file: string) {
    this.#document = document;
    this.#lines = lines;
    this.#file = file;
  }

  #line(node: ParsedNode): number {
    return this.#lines.linePos(node.range[0]).line;
  }

  #fail(message: string, line: number, suggestion: string): never {
    throw new InputError([{ code: "bad-yaml", message, file: this.#file, line, suggestion }]);
  }

  /** `{{ name }}` without quotes is, in YAML, a map as the key of a map. */
  #failAtKey(key: ParsedNode, line: number): never {
    if (!isMap(key))
      this.#fail("A key must be a text.", line, "Write it as a text, or check the indentation.");
    throw new InputError([
      {
        code: "template",
        message: "This is a template, not a file: it has {{ }} to be filled in.",
        file: this.#file,
        line,
        suggestion: "Import the folder that the template is filled into, or put the {{ }} into quotes.",
      },
    ]);
  }

  build(node: ParsedNode | null, copyOf?: Tree, keyLine = 1): Tree {
    const copy = copyOf === undefined ? {} : { copyOf };
    if (++this.#nodes > maxNodes)
      this.#fail(
        "It is too large once its aliases are followed.",
        1,
        "Check that this is the file you mean.",
      );
    if (node === null) return { kind: "scalar", value: null, text: "", line: keyLine, ...copy };
    const line = this.#line(node);
    if (isAlias(node)) return this.#alias(node, line);
    if (this.#open.size > maxDepth)
      this.#fail("It is nested too deeply.", line, "Check that this is the file you mean.");
    if (this.#open.has(node)) this.#fail("An anchor contains itself.", line, "Break the circle.");
    this.#open.add(node);
    let tree: Tree;
    if (isSeq(node)) {
      const origin = copyOf?.kind === "list" ? copyOf : undefined;
      const items = (node.items as ParsedNode[]).map((item, index) => this.build(item, origin?.items[index]));
      tree = { kind: "list", items, line, ...copy };
    } else if (isMap(node)) tree = this.#map(node, line, copyOf);
    else {
      const plain = node.type === "PLAIN" ? { plain: true as const } : {};
      tree = { kind: "scalar", value: scalarValue(node.value), text: node.source, line, ...plain, ...copy };
    }
    this.#open.delete(node);
    if (copyOf === undefined) this.#built.set(node, tree);
    return tree;
  }

  #alias(node: ParsedNode, line: number): Tree {
    const target = isAlias(node) ? (node.resolve(this.#document) as ParsedNode | undefined) : undefined;
    if (target === undefined)
      this.#fail(`There is no anchor for '${String(node)}'.`, line, "Define the anchor (&name) further up.");
    return this.build(target, this.#built.get(target));
  }

  #map(node: ParsedNode, line: number, copyOf: Tree | undefined): TreeMap {
    const own: TreeEntry[] = [];
    const merged: TreeEntry[] = [];
    const origin = copyOf?.kind === "map" ? copyOf : undefined;
    for (const pair of isMap<ParsedNode, ParsedNode | null>(node) ? node.items : []) {
      const keyLine = this.#line(pair.key);
      if (!isScalar(pair.key)) this.#failAtKey(pair.key, keyLine);
      const key = String(pair.key.value);
      const source = origin?.entries.find((entry) => entry.key === key && entry.shadowed !== true);
      if (key === "<<") {
        const value = this.build(pair.value, source?.value, keyLine);
        own.push({ key, line: keyLine, value, merge: true });
        // Earlier sources win over later ones, as YAML's merge type says.
        for (const from of value.kind === "list" ? value.items : [value]) {
          for (const entry of from.kind === "map" ? from.entries : []) {
            if (entry.merge || entry.shadowed || merged.some((other) => other.key === entry.key)) continue;
            merged.push(entry);
          }
        }
        continue;
      }
      if (own.some((entry) => entry.key === key)) {
        this.repairs.push({
          line: keyLine,
          message: `The key '${key}' is there twice; the later one counts.`,
        });
      }
      own.push({ key, line: keyLine, value: this.build(pair.value, source?.value, keyLine) });
    }
    const inherited = merged.filter((entry) => !own.some((other) => other.key === entry.key));
    return {
      kind: "map",
      entries: shadowDuplicates([...own, ...inherited]),
      line,
      ...(copyOf === undefined ? {} : { copyOf }),
    };
  }
}

function scalarValue(value: unknown): string | number | boolean | null {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  return value === null || value === undefined ? null : String(value);
}
