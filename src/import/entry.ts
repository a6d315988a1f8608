import type { Claim, Claimable, Ledger, Source } from "./ledger.ts";
import type { Scalar, Tree } from "./tree.ts";

/** One place in a file, as the readers of the formats see it. To read it is not yet to claim it; to look into a map or list is. */
export class Entry implements Claimable {
  readonly tree: Tree;
  readonly #ledger: Ledger;

  /** @default the whole file */
  constructor(ledger: Ledger, tree: Tree = ledger.tree) {
    this.#ledger = ledger;
    this.tree = tree;
  }

  get file(): string {
    return this.#ledger.file;
  }

  get line(): number {
    return this.tree.line;
  }

  /** Whether something was said of it, or of what it lies in, or a reader looked into it. */
  get touched(): boolean {
    return this.#ledger.touched(this.tree);
  }

  /** The members of a map, in order; none of anything else. */
  members(): readonly (readonly [string, Entry])[] {
    if (this.tree.kind !== "map") return [];
    this.#ledger.enter(this.tree);
    return this.tree.entries
      .filter((entry) => !entry.shadowed && !entry.merge)
      .map((entry) => [entry.key, new Entry(this.#ledger, entry.value)]);
  }

  /** The items of a list; none of anything else. */
  items(): readonly Entry[] {
    if (this.tree.kind !== "list") return [];
    this.#ledger.enter(this.tree);
    return this.tree.items.map((item) => new Entry(this.#ledger, item));
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
    if (value === undefined || value === null) return value === null ? "" : undefined;
    // Ids of many digits are more than a number can hold.
    const exact = this.tree.kind === "scalar" && typeof value === "number" && !Number.isSafeInteger(value);
    return exact && /^-?\d+$/.test(this.tree.text) ? this.tree.text : String(value);
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

  approximated(reason: string): void {
    this.claim({ status: "approximated", reason });
  }

  dropped(reason: string): void {
    this.claim({ status: "dropped", reason });
  }

  ignored(reason: string): void {
    this.claim({ status: "ignored", reason });
  }

  claim(claim: Claim): void {
    this.#ledger.set(this.tree, claim);
    if (!isOut(claim)) return;
    const claimBelow = (tree: Tree): void => {
      for (const child of childrenOf(tree)) {
        if (this.#ledger.claimOf(child) === undefined) this.#ledger.set(child, claim);
        claimBelow(child);
      }
    };
    claimBelow(this.tree);
  }

  settle(claim: Claim): void {
    const settleBelow = (tree: Tree): void => {
      for (const child of childrenOf(tree)) {
        if (isOut(claim) || this.#ledger.claimOf(child) !== undefined) this.#ledger.set(child, claim);
        settleBelow(child);
      }
    };
    this.#ledger.set(this.tree, claim);
    settleBelow(this.tree);
  }
}

/** What goes, goes with all that is in it. What stays does not speak for its parts: each has to be read by itself. */
function isOut({ status }: Claim): boolean {
  return status === "dropped" || status === "ignored";
}

function childrenOf(tree: Tree): readonly Tree[] {
  if (tree.kind === "list") return tree.items;
  return tree.kind === "map" ? tree.entries.filter((entry) => !entry.merge).map((entry) => entry.value) : [];
}

/** The accounts of a file of keys that is read with one ledger (or, when it inherits, with several). */
export function accountsOf(...ledgers: readonly Ledger[]): {
  readonly ignore: (reason: string) => void;
  readonly sources: () => readonly Source[];
} {
  return {
    ignore: (reason) => {
      for (const ledger of ledgers) new Entry(ledger).settle({ status: "ignored", reason });
    },
    sources: () => ledgers.flatMap((ledger) => ledger.sources()),
  };
}
