import { pointerSegment, type Tree } from "./tree.ts";

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
  /** Says what became of it; when it goes, also of all within it of which nothing was said yet. */
  claim(claim: Claim): void;
  /** Says so anew, of it and of all within it: what the merging of files decides. */
  settle(claim: Claim): void;
}

const notUnderstood: Claim = { status: "dropped", reason: "not understood" };
const shadowedClaim: Claim = {
  status: "ignored",
  reason: "the same key comes again further down, and that one counts",
};
const overriddenClaim: Claim = { status: "ignored", reason: "overridden wherever its anchor is used" };
const order: readonly Status[] = ["carried", "approximated", "ignored", "dropped"];

/**
 * The accounts of one file of keys. Every key starts as `dropped: not understood` and stays so until a reader claims it,
 * so that none can be forgotten.
 */
export class Ledger {
  readonly file: string;
  readonly tree: Tree;
  readonly #claims = new Map<Tree, Claim>();
  /** Claims on the copies of a node that a YAML alias made. */
  readonly #copies = new Map<Tree, Claim>();
  readonly #aliased = new Set<Tree>();
  /** Maps and lists that a reader looked into. */
  readonly #entered = new Set<Tree>();

  constructor(file: string, tree: Tree) {
    this.file = file;
    this.tree = tree;
    this.#findAliased(tree);
  }

  #findAliased(tree: Tree): void {
    if (tree.copyOf !== undefined) this.#aliased.add(tree.copyOf);
    if (tree.kind === "list") for (const item of tree.items) this.#findAliased(item);
    if (tree.kind === "map") for (const entry of tree.entries) this.#findAliased(entry.value);
  }

  claimOf(tree: Tree): Claim | undefined {
    return this.#claims.get(tree);
  }

  /** Whether something was said of it, or a reader looked into it. */
  touched(tree: Tree): boolean {
    return this.#claims.has(tree) || this.#entered.has(tree);
  }

  /** A reader looks into a map or list: it is carried by way of its parts, unless somebody says otherwise. */
  enter(tree: Tree): void {
    this.#entered.add(tree);
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
    walk(this.tree, "");
    return result;
  }

  #fate(tree: Tree): Claim {
    const known = this.#claims.get(tree) ?? this.#copies.get(tree);
    if (known !== undefined) return known;
    const aliased = this.#aliased.has(tree);
    if (this.#entered.has(tree) || (aliased && tree.kind !== "scalar")) return { status: "carried" };
    return aliased ? overriddenClaim : notUnderstood;
  }
}
