import { isDeepStrictEqual } from "node:util";
import { type AppPath, pathText } from "../app/issue.ts";
import { checkApp } from "../app/parse.ts";
import type { App } from "../app/schema.ts";
import type { Json } from "../base/json.ts";
import type { FileFindings, Finding } from "./findings.ts";
import type { Claim, Claimable } from "./ledger.ts";

/** A field of the description in the making. */
export interface Field {
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
    } else this.#lost(from, known.from[0]?.file ?? "another file");
  }

  #append(finding: Finding): void {
    const key = pathText(finding.path);
    const list = this.#lists.get(key) ?? { file: finding.from.file, items: [] };
    this.#lists.set(key, list);
    if (list.items.some((item) => isDeepStrictEqual(item.value, finding.value))) this.#won(finding.from);
    else if (list.file === finding.from.file) {
      list.items.push(finding);
      this.#won(finding.from);
    } else this.#lost(finding.from, list.file);
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
      from.settle({ status: won === 0 ? "ignored" : "approximated", reason });
    }
    this.#losses.clear();
  }

  fields(): readonly Field[] {
    return [...this.#fields.values()];
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
    return [
      ...new Set(
        this.fields().flatMap(({ path }) =>
          path[0] === section && path.length > 1 ? [String(path[1])] : [],
        ),
      ),
    ];
  }

  listLength(...path: AppPath): number {
    return this.#lists.get(pathText(path))?.items.length ?? 0;
  }

  /** Takes out a field and all below it, and accounts for the places that gave them. */
  remove(path: AppPath, claim: Claim): boolean {
    const below = (other: AppPath): boolean => path.every((part, index) => other[index] === part);
    let found = false;
    for (const [key, field] of this.#fields) {
      if (!below(field.path)) continue;
      this.#fields.delete(key);
      for (const from of field.from) from.settle(claim);
      found = true;
    }
    const index = path.at(-1);
    for (const [key, list] of this.#lists) {
      const listPath = list.items[0]?.path ?? [];
      const one = typeof index === "number" && pathText(path.slice(0, -1)) === key;
      if (!one && !below(listPath)) continue;
      const gone = one ? list.items.splice(index, 1) : list.items.splice(0);
      for (const item of gone) item.from.settle(claim);
      found ||= gone.length > 0;
    }
    return found;
  }

  /** The description as input, complete with its lists. */
  build(): Json {
    const root: Record<string, Json> = {};
    // Shorter paths first: {} for a process must not replace what lies in it.
    for (const { path, value } of this.#fields.values()) place(root, path, value);
    for (const [, { items }] of this.#lists) {
      const path = items[0]?.path;
      if (path !== undefined)
        place(
          root,
          path,
          items.map((item) => item.value),
        );
    }
    return root;
  }

  /**
   * The complete description. What no description may hold (a name that is no name, a port taken twice) is taken out
   * and accounted for as dropped, so that the result always stands the check.
   */
  finish(): App {
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
    }
  }
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
  if (known === undefined || !isEmptyMap) define(holder, last, isEmptyMap ? {} : value);
}

/** A key of a file may be `__proto__`: it becomes a key like any other. */
function define(holder: Record<string, Json>, key: string | number, value: Json): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
