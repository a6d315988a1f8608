import { isDeepStrictEqual } from "node:util";
import { type AppPath, pathText } from "../app/issue.ts";
import { checkApp } from "../app/parse.ts";
import type { App } from "../app/schema.ts";
import type { Json } from "../base/json.ts";
import type { FileFindings, Finding, Note } from "./findings.ts";
import type { Claim, Claimable } from "./ledger.ts";

/** A field of the description in the making. */
interface Field {
  readonly path: AppPath;
  readonly value: Json;
  readonly from: readonly Claimable[];
}

interface Losses {
  won: number;
  readonly to: Set<string>;
}

/**
 * The description as it grows out of files, the most trusted first: what one has said, a later one can't change, and the
 * place where it says otherwise is accounted for as ignored.
 */
export class Draft {
  readonly #fields = new Map<string, Field>();
  /** The file that a list comes from: lists of two files are not mixed. */
  readonly #lists = new Map<string, { readonly file: string; readonly items: Finding[] }>();
  readonly #losses = new Map<Claimable, Losses>();

  add(file: FileFindings): void {
    for (const finding of file.findings) {
      if (finding.append) this.#append(finding);
      else this.#put(finding);
    }
  }

  #put({ path, value, from }: Finding): void {
    const key = pathText(path);
    const known = this.#fields.get(key);
    if (known === undefined) {
      this.#fields.set(key, { path, value, from: [from] });
      this.#won(from);
    } else if (isDeepStrictEqual(known.value, value)) {
      this.#fields.set(key, { ...known, from: [...known.from, from] });
      this.#won(from);
    } else this.#lost(from, placeOf(known.from[0], from));
  }

  #append(finding: Finding): void {
    const key = pathText(finding.path);
    const list = this.#lists.get(key) ?? { file: finding.from.file, items: [] };
    this.#lists.set(key, list);
    if (list.items.some((item) => isDeepStrictEqual(item.value, finding.value))) this.#won(finding.from);
    else if (list.file === finding.from.file) {
      list.items.push(finding);
      this.#won(finding.from);
    } else this.#lost(finding.from, placeOf(list.items[0]?.from, finding.from));
  }

  #won(from: Claimable): void {
    this.#loss(from).won++;
  }

  #lost(from: Claimable, to: string): void {
    this.#loss(from).to.add(to);
  }

  #loss(from: Claimable): Losses {
    const known = this.#losses.get(from) ?? { won: 0, to: new Set() };
    this.#losses.set(from, known);
    return known;
  }

  /** Accounts for what was said in vain. */
  settleLosses(): void {
    for (const [from, { won, to }] of this.#losses) {
      if (to.size === 0) continue;
      const reason = `${[...to].join(" and ")} says otherwise and takes precedence`;
      if (won === 0) from.settle({ status: "ignored", reason });
      else from.claim({ status: "approximated", reason });
    }
    this.#losses.clear();
  }

  get(...path: AppPath): Json | undefined {
    return this.#fields.get(pathText(path))?.value;
  }

  /** Places that gave a field. */
  from(...path: AppPath): readonly Claimable[] {
    return this.#fields.get(pathText(path))?.from ?? [];
  }

  /** Sets a field that no file states, as coming from the places that led to it. */
  set(path: AppPath, value: Json, from: readonly Claimable[] = []): void {
    this.#fields.set(pathText(path), { path, value, from });
  }

  /** The names below a section, e.g. of all processes, in order. */
  names(section: string): readonly string[] {
    const paths = [...this.#fields.values()].map((field) => field.path);
    const names = paths.flatMap(([first, name]) =>
      first === section && name !== undefined ? [String(name)] : [],
    );
    return [...new Set(names)];
  }

  /** Takes out a field and all below it, and accounts for the places that gave them. False when there is none. */
  remove(path: AppPath, claim: Claim): boolean {
    const fields = this.#takeFields(path);
    const gone = [...fields.flatMap((field) => field.from), ...this.#takeItems(path)];
    const used = new Set([...this.#fields.values()].flatMap((field) => field.from));
    for (const from of gone) {
      // One place can give several fields: while some of them are kept, it is not gone as a whole.
      if (!used.has(from)) from.settle(claim);
      else if (claim.status !== "carried") from.claim({ ...claim, status: "approximated" });
    }
    return fields.length > 0 || gone.length > 0;
  }

  #takeFields(path: AppPath): readonly Field[] {
    const fields = [...this.#fields].filter(([, field]) => isBelow(path, field.path));
    for (const [key] of fields) this.#fields.delete(key);
    return fields.map(([, field]) => field);
  }

  #takeItems(path: AppPath): readonly Claimable[] {
    const index = path.at(-1);
    const item = typeof index === "number" ? this.#lists.get(pathText(path.slice(0, -1)))?.items : undefined;
    if (item !== undefined) return item.splice(Number(index), 1).map((finding) => finding.from);
    const lists = [...this.#lists.values()].filter(({ items }) => isBelow(path, items[0]?.path ?? []));
    return lists.flatMap(({ items }) => items.splice(0)).map((finding) => finding.from);
  }

  /** The description as input, complete with its lists. */
  build(): Json {
    const root: Record<string, Json> = {};
    for (const { path, value } of this.#fields.values()) place(root, path, value);
    for (const { items } of this.#lists.values()) {
      const values = items.map((item) => item.value);
      if (items[0] !== undefined) place(root, items[0].path, values);
    }
    return root;
  }

  /**
   * The complete description. What no description may hold (a name that is no name, a port taken twice) is taken out
   * and accounted for as dropped, and noted, so that the result always stands the check.
   */
  finish(notes: Note[]): App {
    for (;;) {
      const { app, issues } = checkApp(this.build());
      if (app !== undefined) return app;
      const [issue] = issues;
      const claim: Claim = { status: "dropped", reason: issue?.message.replace(/\.$/, "") ?? "" };
      // The issue may be about something that is missing: then what is around it goes.
      let path = issue?.path ?? [];
      while (path.length > 0 && !this.remove(path, claim)) path = path.slice(0, -1);
      if (path.length === 0)
        throw new Error(`An imported description failed its own check: ${issue?.message}`);
      const message = `${pathText(path)} is left out: ${issue?.message}`;
      notes.push({ code: "left-out", message });
    }
  }
}

/** What overrules a place: a file, or a line of the same one. */
function placeOf(winner: Claimable | undefined, loser: Claimable): string {
  if (winner === undefined) return "another file";
  return winner.file === loser.file ? `line ${winner.line}` : winner.file;
}

function isBelow(path: AppPath, other: AppPath): boolean {
  return path.every((part, index) => other[index] === part);
}

function place(root: Record<string, Json>, path: AppPath, value: Json): void {
  let holder = root;
  for (const part of path.slice(0, -1)) {
    const known = Object.hasOwn(holder, part) ? holder[part] : undefined;
    const next = (typeof known === "object" && known !== null ? known : {}) as Record<string, Json>;
    define(holder, part, next);
    holder = next;
  }
  const last = path.at(-1) ?? "";
  const known = Object.hasOwn(holder, last) ? holder[last] : undefined;
  const isEmptyMap =
    typeof value === "object" && value !== null && Object.keys(value).length === 0 && !Array.isArray(value);
  // {} for a process must not replace what lies in it.
  if (known === undefined || !isEmptyMap) define(holder, last, isEmptyMap ? {} : value);
}

/** A key of a file may be `__proto__`: it becomes a key like any other. */
function define(holder: Record<string, Json>, key: string | number, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
