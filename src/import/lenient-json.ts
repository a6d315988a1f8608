import { InputError } from "../base/errors.ts";
import { type ParsedFile, shadowDuplicates, type Tree, type TreeEntry } from "./tree.ts";

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  "/": "/",
};

/** Deep enough for any real file, shallow enough for the stack. */
const maxDepth = 100;

/**
 * Reads JSON as people write it: comments (`//`, `#`, and block comments), a comma after the last item, doubled commas,
 * line breaks in texts and repeated keys are mended and reported. What could mean two things is refused.
 * @throws InputError `bad-json` with line, column and what to do.
 */
export function parseLenientJson(text: string, file: string): ParsedFile {
  return new JsonReader(text, file).read();
}

class JsonReader {
  readonly #text: string;
  readonly #file: string;
  readonly #repairs: { readonly line: number; readonly message: string }[] = [];
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text.replace(/^\uFEFF/, "");
    this.#file = file;
  }

  read(): ParsedFile {
    this.#space();
    if (this.#at >= this.#text.length) this.#fail("The file is empty.", "Remove it, or write {}.");
    const tree = this.#value(0);
    this.#space();
    if (this.#at < this.#text.length) {
      this.#fail(
        `There is something after the end of the description: ${this.#seen()}.`,
        "Remove what follows, or check the braces before it.",
      );
    }
    return { tree, repairs: this.#repairs };
  }

  #line(at = this.#at): number {
    let line = 1;
    for (let i = this.#text.indexOf("\n"); i !== -1 && i < at; i = this.#text.indexOf("\n", i + 1)) line++;
    return line;
  }

  #fail(message: string, suggestion: string, at = this.#at): never {
    const column = at - this.#text.lastIndexOf("\n", at - 1);
    throw new InputError([
      { code: "bad-json", message, file: this.#file, line: this.#line(at), column, suggestion },
    ]);
  }

  /** What stands here, for a message. */
  #seen(): string {
    if (this.#at >= this.#text.length) return "the end of the file";
    const [word] = /^(?:"[^"\n]{0,20}"?|[\w.$-]{1,20}|.)/su.exec(this.#text.slice(this.#at)) ?? [""];
    if (word === "\n") return "a line break";
    return word.startsWith('"') ? word : `'${word}'`;
  }

  #mend(message: string): void {
    const line = this.#line();
    if (!this.#repairs.some((repair) => repair.message === message)) this.#repairs.push({ line, message });
  }

  #space(): void {
    for (;;) {
      const comment = /^(?:\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)/.exec(
        this.#text.slice(this.#at, this.#at + 20_000),
      );
      if (comment !== null) {
        this.#mend("It has comments, which JSON does not allow.");
        this.#at += comment[0].length;
      } else if (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
      else return;
    }
  }

  #value(depth: number): Tree {
    if (depth > maxDepth) this.#fail("It is nested too deeply.", "Check that this is the file you mean.");
    const line = this.#line();
    const next = this.#text[this.#at];
    if (next === "{") return this.#map(depth, line);
    if (next === "[") return this.#list(depth, line);
    if (next === '"') {
      const value = this.#string();
      return { kind: "scalar", value, text: value, line };
    }
    const [word] =
      /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/.exec(
        this.#text.slice(this.#at, this.#at + 400),
      ) ?? [];
    if (word === undefined)
      this.#fail(
        `A value is needed here, not ${this.#seen()}.`,
        "Write a text in double quotes, a number, true, false, null, [...] or {...}.",
      );
    this.#at += word.length;
    return { kind: "scalar", value: JSON.parse(word) as number | boolean | null, text: word, line };
  }

  #map(depth: number, line: number): Tree {
    const entries: TreeEntry[] = [];
    this.#members("}", line, () => {
      const keyLine = this.#line();
      if (this.#text[this.#at] !== '"') {
        this.#fail(
          `A key in double quotes is needed here, not ${this.#seen()}.`,
          "Check the braces and commas before this place.",
        );
      }
      const start = this.#at;
      const key = this.#string();
      if (key.includes("\n"))
        this.#fail("The key that starts here has no closing quote.", 'Add the missing ".', start);
      this.#space();
      if (this.#text[this.#at] !== ":") {
        this.#fail(
          `A ':' must follow the key "${key}", not ${this.#seen()}.`,
          `Write "${key}": and its value.`,
        );
      }
      this.#at++;
      this.#space();
      if (entries.some((entry) => entry.key === key)) {
        this.#mend(`The key "${key}" is there twice; the later one counts.`);
      }
      entries.push({ key, line: keyLine, value: this.#value(depth + 1) });
    });
    return { kind: "map", entries: shadowDuplicates(entries), line };
  }

  #list(depth: number, line: number): Tree {
    const items: Tree[] = [];
    this.#members("]", line, () => items.push(this.#value(depth + 1)));
    return { kind: "list", items, line };
  }

  /** Walks the members of a map or list up to its closing bracket. */
  #members(close: "}" | "]", openedAt: number, member: () => void): void {
    this.#at++;
    for (let first = true; ; first = false) {
      this.#space();
      if (!first) {
        if (this.#text[this.#at] === close) break;
        if (this.#text[this.#at] !== ",") {
          const missing =
            this.#at >= this.#text.length
              ? `The '${close}' that closes line ${openedAt} is missing.`
              : `A ',' or '${close}' is needed before ${this.#seen()}.`;
          this.#fail(
            missing,
            this.#at >= this.#text.length ? "Check the braces and quotes from that line on." : "Add it.",
          );
        }
        this.#at++;
        this.#space();
      }
      while (this.#text[this.#at] === "," && !first) {
        this.#mend("It has a comma too many.");
        this.#at++;
        this.#space();
      }
      if (this.#text[this.#at] === close) {
        if (!first) this.#mend("It has a comma after the last item.");
        break;
      }
      if (this.#at >= this.#text.length)
        this.#fail(
          `The '${close}' that closes line ${openedAt} is missing.`,
          "Check the braces and quotes from that line on.",
        );
      member();
    }
    this.#at++;
  }

  #string(): string {
    const start = this.#at;
    let value = "";
    for (this.#at++; ; this.#at++) {
      const next = this.#text[this.#at];
      if (next === undefined)
        this.#fail(
          "The text that starts here has no closing quote.",
          'Add the missing " (the quote may be missing further up).',
          start,
        );
      if (next === '"') break;
      if (next === "\\") value += this.#escape();
      else {
        if (next < " ")
          this.#mend("It has line breaks or control characters inside a text, which JSON does not allow.");
        value += next;
      }
    }
    this.#at++;
    return value;
  }

  #escape(): string {
    this.#at++;
    const letter = this.#text[this.#at] ?? "";
    if (letter === "u") {
      const hex = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9a-fA-F]{4}$/.test(hex))
        this.#fail("\\u needs four hexadecimal digits.", "Write e.g. \\u00e9.");
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const meant = escapes[letter];
    if (meant === undefined) this.#fail(`'\\${letter}' means nothing in JSON.`, "Write a backslash as \\\\.");
    return meant;
  }
}
