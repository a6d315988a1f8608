/** A parsed file of keys and values, whatever its format, with the line of everything in it. */
export type Tree = TreeMap | TreeList | TreeScalar;

interface TreeBase {
  /** 1-based. */
  readonly line: number;
  /** The node that this one repeats, where a YAML alias or merge key put it in a second place. */
  readonly copyOf?: Tree;
}

export interface TreeMap extends TreeBase {
  readonly kind: "map";
  readonly entries: readonly TreeEntry[];
}

export interface TreeEntry {
  readonly key: string;
  readonly line: number;
  readonly value: Tree;
  /** A later entry has the same key, and wins. */
  readonly shadowed?: true;
  /** A YAML merge key (`<<`): its content stands beside it as entries of their own. */
  readonly merge?: true;
}

interface TreeList extends TreeBase {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export type Scalar = string | number | boolean | null;

interface TreeScalar extends TreeBase {
  readonly kind: "scalar";
  readonly value: Scalar;
  /** As written, without quotes. */
  readonly text: string;
  /** In YAML: without quotes, so that what it means depends on the YAML version of who reads it. */
  readonly plain?: true;
}

/** A parsed file, and what had to be mended to read it. */
export interface ParsedFile {
  readonly tree: Tree;
  readonly repairs: readonly { readonly line: number; readonly message: string }[];
}

/** One segment of a JSON pointer (RFC 6901). */
export function pointerSegment(key: string | number): string {
  return `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Marks all but the last of the entries that share a key. */
export function shadowDuplicates(entries: readonly TreeEntry[]): readonly TreeEntry[] {
  const last = new Map(entries.map((entry, index) => [entry.key, index]));
  return entries.map((entry, index) =>
    last.get(entry.key) === index ? entry : { ...entry, shadowed: true },
  );
}
