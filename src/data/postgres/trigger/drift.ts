import { type Catalogue, type Column, nameOf, type Table } from "../catalogue.ts";

/** Which tables a link has to do with, as its settings say. */
export interface Scope {
  readonly withoutKey: "refuse" | "skip";
  /** As `schema.table`. */
  readonly exclude: readonly string[];
}

/** Tables whose rows are not of this link but stay on their own side. */
export function isExcluded(table: Table, scope: Scope): boolean {
  return scope.exclude.includes(nameOf(table));
}

/** Tables whose rows the link carries. Partitioned tables count: statements name them, and so does the log. */
export function carried(catalogue: Catalogue, scope: Scope): readonly Table[] {
  return catalogue.tables.filter((table) => !isExcluded(table, scope) && table.key.length > 0);
}

/** Tables that can't be carried, since nothing tells their rows apart. A partition without a key has a parent without one. */
export function keyless(catalogue: Catalogue, scope: Scope): readonly Table[] {
  return catalogue.tables.filter((table) => !isExcluded(table, scope) && table.key.length === 0);
}

function describe(column: Column): string {
  const parts = [column.type];
  if (column.notNull) parts.push("not null");
  if (column.generated) parts.push("generated");
  if (column.identity !== "") parts.push("identity");
  return parts.join(" ");
}

function keyText(table: Table): string {
  return table.key.length === 0 ? "none" : `(${table.key.map((part) => part.name).join(", ")})`;
}

function compareTables(source: Table, target: Table, sites: Sites): string[] {
  const table = nameOf(source);
  const notes: string[] = [];
  const there = new Map(target.columns.map((column) => [column.name, column]));
  for (const column of source.columns) {
    const other = there.get(column.name);
    there.delete(column.name);
    if (other === undefined) {
      notes.push(
        `${table}.${column.name} (${describe(column)}) is at ${sites.source} but not at ${sites.target}`,
      );
    } else if (describe(column) !== describe(other)) {
      notes.push(
        `${table}.${column.name} is ${describe(column)} at ${sites.source}, ${describe(other)} at ${sites.target}`,
      );
    }
  }
  for (const column of there.values()) {
    notes.push(
      `${table}.${column.name} (${describe(column)}) is at ${sites.target} but not at ${sites.source}`,
    );
  }
  if (keyText(source) !== keyText(target)) {
    notes.push(
      `the key of ${table} is ${keyText(source)} at ${sites.source}, ${keyText(target)} at ${sites.target}`,
    );
  }
  if (source.kind !== target.kind) notes.push(`${table} is partitioned at one site only`);
  return notes;
}

interface Sites {
  readonly source: string;
  readonly target: string;
}

/** What is different between the two schemas, one sentence each; none = they agree. Defaults and indexes are not compared. */
export function drift(source: Catalogue, target: Catalogue, scope: Scope, sites: Sites): readonly string[] {
  const notes: string[] = [];
  const there = new Map(target.tables.map((table) => [nameOf(table), table]));
  for (const table of source.tables) {
    if (isExcluded(table, scope)) continue;
    const other = there.get(nameOf(table));
    there.delete(nameOf(table));
    if (other === undefined)
      notes.push(`table ${nameOf(table)} is at ${sites.source} but not at ${sites.target}`);
    else notes.push(...compareTables(table, other, sites));
  }
  for (const table of there.values()) {
    if (isExcluded(table, scope)) continue;
    notes.push(`table ${nameOf(table)} is at ${sites.target} but not at ${sites.source}`);
  }
  for (const [type, labels] of Object.entries(source.enums)) {
    const others = target.enums[type];
    if (others === undefined) notes.push(`type ${type} is at ${sites.source} but not at ${sites.target}`);
    else if (labels.join("\n") !== others.join("\n")) {
      notes.push(
        `type ${type} is (${labels.join(", ")}) at ${sites.source}, (${others.join(", ")}) at ${sites.target}`,
      );
    }
  }
  for (const sequence of source.sequences) {
    if (target.sequences.includes(sequence)) continue;
    notes.push(`sequence ${sequence} is at ${sites.source} but not at ${sites.target}`);
  }
  return notes;
}
