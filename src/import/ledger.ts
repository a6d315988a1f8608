import { pointerSegment, type Scalar, type Tree } from "./tree.ts";

/** What became of one key of a file. All but `carried` have a reason. */
export type Status = "carried" | "approximated" | "dropped" | "ignored";

/** One key of one file, accounted for. */
export interface Source {
  readonly file: string;
  /** JSON pointer (RFC 6901); absent for files of lines. */
  readonly pointer?: string;
  /** 1-based. */
  readonly line: number;
  readonly status: Status;
  readonly reason?: string;
  /** Where in the description it went, e.g. `processes.web.command`. */
  readonly to?: string;
}

export interface Claim {
  readonly status: Status;
  readonly reason?: string;
  readonly to?: string;
}

/** Something of a file that a finding comes from, and whose fate can still change when files are merged. */
export interface Claimable {
  readonly file: string;
  readonly line: number;
  /** Says what became of it, and of all within it of which nothing was said yet. */
  claim(claim: Claim): void;
  /** Says so anew, of it and of all within it: what the merging of files decides. */
  settle(claim: Claim): void;
}

const notUnderstood: Claim = { status: "dropped", reason: "not understood" };
const shadowedClaim: Claim = {
  status: "ignored",
  reason: "the same key comes again further down, and that one counts",
};
const order: readonly Status[] = ["carried", "approximated", "ignored", "dropped"];

/**
 * The accounts of one file of keys. Every key starts as `dropped: not understood` and stays so until a reader claims it,
 * so that none can be forgotten.
 */
export class Ledger {
  readonly file: string;
  readonly #tree: Tree;
  readonly #claims = new Map<Tree, Claim>();
  /** Claims on the copies of a node that a YAML alias made. */
  readonly #copies = new Map<Tree, Claim>();

  constructor(file: string, tree: Tree) {
    this.file = file;
    this.#tree = tree;
  }

  root(): Entry {
    return new Entry(this, this.#tree, "");
  }

  claimOf(tree: Tree): Claim | undefined {
    return this.#claims.get(tree);
  }

  set(tree: Tree, claim: Claim): void {
    this.#claims.set(tree, claim);
    for (let origin = tree.copyOf; origin !== undefined; origin = origin.copyOf) {
      const known = this.#copies.get(origin);
      if (known === undefined || order.indexOf(claim.status) < order.indexOf(known.status)) {
        this.#copies.set(origin, claim);
      }
    }
  }

  /** Every key of the file and what became of it, in the file's order. */
  sources(): readonly Source[] {
    const result: Source[] = [];
    const walk = (tree: Tree, pointer: string, fixed?: Claim): void => {
      const emit = (key: string | number, line: number, value: Tree, claim = fixed): void => {
        const place = pointer + pointerSegment(key);
        result.push({ file: this.file, pointer: place, line, ...(claim ?? this.#fate(value)) });
        walk(value, place, claim);
      };
      if (tree.kind === "list")
        for (const [index, item] of tree.items.entries()) emit(index, item.line, item);
      if (tree.kind !== "map") return;
      for (const { key, line, value, merge, shadowed } of tree.entries) {
        // What a merge key brings in stands beside it, as entries of their own.
        if (merge)
          result.push({ file: this.file, pointer: pointer + pointerSegment(key), line, status: "carried" });
        else emit(key, line, value, shadowed ? shadowedClaim : fixed);
      }
    };
    walk(this.#tree, "");
    return result;
  }

  #fate(tree: Tree): Claim {
    return this.#claims.get(tree) ?? this.#copies.get(tree) ?? notUnderstood;
  }
}

/** One place in a file, as the readers of the formats see it. To read it is not yet to claim it; to look into a map or list is. */
export class Entry implements Claimable {
  readonly pointer: string;
  readonly tree: Tree;
  readonly #ledger: Ledger;

  constructor(ledger: Ledger, tree: Tree, pointer: string) {
    this.#ledger = ledger;
    this.tree = tree;
    this.pointer = pointer;
  }

  get file(): string {
    return this.#ledger.file;
  }

  get line(): number {
    return this.tree.line;
  }

  /** The members of a map, in order; none of anything else. */
  members(): readonly (readonly [string, Entry])[] {
    if (this.tree.kind !== "map") return [];
    this.#enter();
    return this.tree.entries
      .filter((entry) => !entry.shadowed && !entry.merge)
      .map((entry) => [
        entry.key,
        new Entry(this.#ledger, entry.value, this.pointer + pointerSegment(entry.key)),
      ]);
  }

  /** The items of a list; none of anything else. */
  items(): readonly Entry[] {
    if (this.tree.kind !== "list") return [];
    this.#enter();
    return this.tree.items.map(
      (item, index) => new Entry(this.#ledger, item, this.pointer + pointerSegment(index)),
    );
  }

  get(key: string): Entry | undefined {
    return this.members().find(([name]) => name === key)?.[1];
  }

  /** The value of a scalar; undefined for a map or list. */
  scalar(): Scalar | undefined {
    return this.tree.kind === "scalar" ? this.tree.value : undefined;
  }

  /** A scalar as text, empty when it is null; undefined for a map or list. */
  text(): string | undefined {
    const value = this.scalar();
    return value === undefined ? undefined : value === null ? "" : String(value);
  }

  /** A whole or decimal number, also when it is written in quotes. */
  number(): number | undefined {
    const text = this.text()?.trim();
    return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  }

  /** It is in the description, by way of its parts or of something else that was read. */
  carried(to?: string): void {
    this.claim({ status: "carried", ...(to === undefined ? {} : { to }) });
  }

  dropped(reason: string): void {
    this.claim({ status: "dropped", reason });
  }

  ignored(reason: string): void {
    this.claim({ status: "ignored", reason });
  }

  claim(claim: Claim): void {
    this.#ledger.set(this.tree, claim);
    this.#claimBelow(this.tree, claim);
  }

  settle(claim: Claim): void {
    this.#ledger.set(this.tree, claim);
    for (const child of childrenOf(this.tree)) new Entry(this.#ledger, child, "").settle(claim);
  }

  #enter(): void {
    if (this.#ledger.claimOf(this.tree) === undefined) this.#ledger.set(this.tree, { status: "carried" });
  }

  #claimBelow(tree: Tree, claim: Claim): void {
    for (const child of childrenOf(tree)) {
      if (this.#ledger.claimOf(child) === undefined) this.#ledger.set(child, claim);
      this.#claimBelow(child, claim);
    }
  }
}

function childrenOf(tree: Tree): readonly Tree[] {
  if (tree.kind === "list") return tree.items;
  return tree.kind === "map" ? tree.entries.filter((entry) => !entry.merge).map((entry) => entry.value) : [];
}
