import type { Table } from "../catalogue.ts";
import { type Rows, SqlError } from "../session.ts";
import { join, name, raw, type Sql, sql } from "../sql.ts";
import { type Pair, rowsOf, storedColumns } from "./copy.ts";

/** What a window does to one table. */
export interface TableChange {
  readonly pair: Pair;
  readonly truncated: boolean;
  /** Keys without a row. */
  readonly gone: Rows;
  /** Whole rows, their cells in the order of the stored columns of the source. */
  readonly rows: Rows;
}

/**
 * `upsert` is cheap. `replace` deletes every touched row before it inserts the new ones: right also where two rows have
 * swapped a unique value, where a key is deferrable, and where an identity column may not be updated.
 */
export type ApplyMode = "upsert" | "replace";

/** Rows in one statement. Larger ones gain little, and Postgres has to hold each whole. */
const chunkRows = 1_000;

function chunks(rows: Rows): readonly Rows[] {
  const list: Rows[] = [];
  for (let at = 0; at < rows.length; at += chunkRows) list.push(rows.slice(at, at + chunkRows));
  return list;
}

function columnOf(rows: Rows, index: number): readonly (string | null)[] {
  return rows.map((row) => row[index] ?? null);
}

export function truncate({ target }: Pair): Sql {
  return sql`TRUNCATE ${rowsOf(target)}`;
}

/** Deletes by keys, their cells in the order of the key's columns. */
export function deleteKeys(table: Table, keys: Rows): readonly Sql[] {
  const names = table.key.map((_, index) => name(`k${index}`));
  const same = table.key.map(
    (part, index) =>
      sql`t.${name(part.name)} OPERATOR(${name(part.operatorSchema)}.=) k.${name(`k${index}`)}::${raw(part.type)}`,
  );
  return chunks(keys).map((chunk) => {
    const lists = table.key.map((_, index) => sql`${columnOf(chunk, index)}::text[]`);
    return sql`DELETE FROM ${rowsOf(table)} AS t USING unnest(${join(lists)}) AS k(${join(names)}) WHERE ${join(same, " AND ")}`;
  });
}

function onConflict(table: Table): Sql {
  const assigned = storedColumns(table).filter((column) => column.identity !== "a");
  const key = join(table.key.map((part) => name(part.name)));
  if (assigned.length === 0) return sql`ON CONFLICT (${key}) DO NOTHING`;
  const set = assigned.map((column) => sql`${name(column.name)} = EXCLUDED.${name(column.name)}`);
  return sql`ON CONFLICT (${key}) DO UPDATE SET ${join(set)}`;
}

export function insertRows({ source, target }: Pair, rows: Rows, mode: ApplyMode): readonly Sql[] {
  const types = new Map(target.columns.map((column) => [column.name, column]));
  const columns = storedColumns(source).map((column) => types.get(column.name) ?? column);
  const names = join(columns.map((column) => name(column.name)));
  const cells = columns.map((column, index) =>
    column.viaText ? sql`u.${name(`c${index}`)}::${raw(column.type)}` : sql`u.${name(`c${index}`)}`,
  );
  const aliases = columns.map((_, index) => name(`c${index}`));
  const conflict = mode === "upsert" ? onConflict(target) : sql``;
  return chunks(rows).map((chunk) => {
    const lists = columns.map(
      (column, index) => sql`${columnOf(chunk, index)}::${raw(column.viaText ? "text" : column.type)}[]`,
    );
    return sql`INSERT INTO ${name(target.schema, target.name)} AS t (${names}) OVERRIDING SYSTEM VALUE
      SELECT ${join(cells)} FROM unnest(${join(lists)}) AS u(${join(aliases)}) ${conflict}`;
  });
}

/** Rows of some tables can only be replaced. */
export function modeFor({ target }: Pair, mode: ApplyMode): ApplyMode {
  const key = new Set(target.key.map((part) => part.name));
  const frozen = target.columns.some((column) => column.identity === "a" && !key.has(column.name));
  return frozen || !target.keyImmediate ? "replace" : mode;
}

/** Two rows have swapped a unique value, or the like: in no order can one be written while the other stands. */
export function isCollision(error: unknown): boolean {
  return error instanceof SqlError && /^(23505|23P01)$/.test(error.sqlstate);
}

/** The keys of whole rows. */
export function keysOf({ source }: Pair, rows: Rows): Rows {
  const columns = storedColumns(source).map((column) => column.name);
  const places = source.key.map((part) => columns.indexOf(part.name));
  return rows.map((row) => places.map((place) => row[place] ?? null));
}

/** The statements that carry out a window, in an order that holds whatever the tables' constraints are. */
export function applyStatements(changes: readonly TableChange[], mode: ApplyMode): readonly Sql[] {
  const replaced = changes.filter((change) => modeFor(change.pair, mode) === "replace");
  return [
    ...changes.filter((change) => change.truncated).map((change) => truncate(change.pair)),
    ...changes.flatMap((change) => deleteKeys(change.pair.target, change.gone)),
    ...replaced.flatMap((change) => deleteKeys(change.pair.target, keysOf(change.pair, change.rows))),
    ...changes.flatMap((change) => insertRows(change.pair, change.rows, modeFor(change.pair, mode))),
  ];
}
