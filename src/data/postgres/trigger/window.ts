import { z } from "zod";
import { RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { shapeOf, type Table } from "../catalogue.ts";
import { parseSnapshot } from "../position.ts";
import type { Rows, Session } from "../session.ts";
import { join, name, type Sql, sql } from "../sql.ts";
import { parseState, type SiteState, selectState } from "../state.ts";
import { type Pair, rowsOf, storedColumns } from "./copy.ts";

const touchedSchema = z.object({
  /** The id under which it was logged. */
  tab: z.number(),
  changes: z.number(),
  truncated: z.boolean(),
  /** Its triggers could not name its rows: it must be copied anew. */
  unnamed: z.boolean(),
  shape: z.string(),
});

/** What a window holds of one table. */
export type Touched = Readonly<z.output<typeof touchedSchema>>;

/** What a window holds of one table that is carried. */
export interface Item {
  readonly pair: Pair;
  readonly touched: Touched;
}

/** The changes that are visible in `snapshot` and were not in the one before. */
export interface Window {
  readonly snapshot: string;
  readonly state: SiteState;
  readonly touched: readonly Touched[];
  readonly changes: number;
  /** Values of the sequences, where they were asked for. */
  readonly sequences: Readonly<Record<string, string>> | undefined;
}

/** A condition on `understudy.changes AS c`: not visible in the snapshot. */
export function after(snapshot: string): Sql {
  const { xmin } = parseSnapshot(snapshot);
  return sql`c.txid >= ${String(xmin)}::xid8 AND NOT pg_visible_in_snapshot(c.txid, ${snapshot}::pg_snapshot)`;
}

/** One cell of JSON: the last value of each sequence that was ever used, by quoted name. */
export const selectSequences: Sql = sql`
  SELECT coalesce(json_object_agg(format('%I.%I', s.schemaname, s.sequencename), s.last_value::text)
    FILTER (WHERE s.last_value IS NOT NULL), '{}')
  FROM pg_sequences s WHERE s.schemaname NOT IN ('understudy', 'pg_catalog')`;

/**
 * Opens a REPEATABLE READ transaction at the source and says what has changed since a snapshot. The transaction stays
 * open, for {@link selectRows} and {@link selectGone}; end it with {@link closeWindow}.
 */
export async function openWindow(source: Session, since: string, withSequences: boolean): Promise<Window> {
  const [, snapshot, state, touched, sequences] = await source.run(
    sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    sql`SELECT pg_current_snapshot()`,
    selectState,
    sql`SELECT coalesce(json_agg(json_build_object('tab', w.tab, 'changes', w.changes,
        'truncated', w.truncated, 'unnamed', w.unnamed, 'shape', coalesce(${shapeOf(sql`t.relid`)}, ''))), '[]')
      FROM (
        SELECT c.tab, count(*) AS changes, bool_or(c.op = 'T') AS truncated, bool_or(c.op = 'R') AS unnamed
        FROM understudy.changes c WHERE ${after(since)} GROUP BY c.tab
      ) AS w JOIN understudy.tables t ON t.id = w.tab`,
    withSequences ? selectSequences : sql`SELECT NULL`,
  );
  const found = parseState(state?.[0]?.[0]);
  if (found === undefined) throw new UnderstudyError(`${source.site} has no state.`, { code: "no-state" });
  const list = z.array(touchedSchema).parse(JSON.parse(touched?.[0]?.[0] ?? "[]"));
  const values = sequences?.[0]?.[0];
  return {
    snapshot: snapshot?.[0]?.[0] ?? "",
    state: found,
    touched: list,
    changes: list.reduce((sum, item) => sum + item.changes, 0),
    sequences: values === null || values === undefined ? undefined : JSON.parse(values),
  };
}

export async function closeWindow(source: Session): Promise<void> {
  await source.run(sql`COMMIT`);
}

/** `t.a = c.key[1]::int4 AND ...`, each by the operator of the key's index, whatever the search path is. */
function sameKey(table: Table): Sql {
  return join(
    table.key.map((part, index) => {
      const equals = sql`OPERATOR(${name(part.operatorSchema)}.=)`;
      return sql`t.${name(part.name)} ${equals} k.${name(`k${index}`)}`;
    }),
    " AND ",
  );
}

/** The touched keys of a table, typed. */
function keys(table: Table, tab: number, since: string): Sql {
  const typed = table.key.map(
    (part, index) => sql`c.key[${index + 1}]::${{ text: part.type }} AS ${name(`k${index}`)}`,
  );
  return sql`(SELECT DISTINCT ${join(typed)} FROM understudy.changes c
    WHERE c.tab = ${tab} AND c.key IS NOT NULL AND ${after(since)})`;
}

/** The present rows of the touched keys. */
export function selectRows(table: Table, tab: number, since: string): Sql {
  const columns = storedColumns(table).map((column) => sql`t.${name(column.name)}`);
  return sql`SELECT ${join(columns)} FROM ${rowsOf(table)} AS t
    WHERE EXISTS (SELECT FROM ${keys(table, tab, since)} AS k WHERE ${sameKey(table)})`;
}

/** The touched keys that have no row (any more), as text. */
export function selectGone(table: Table, tab: number, since: string): Sql {
  const parts = table.key.map((_, index) => name(`k${index}`));
  return sql`SELECT ${join(parts)} FROM ${keys(table, tab, since)} AS k
    WHERE NOT EXISTS (SELECT FROM ${rowsOf(table)} AS t WHERE ${sameKey(table)})`;
}

/** True when none of the tables was emptied or rewritten after the snapshot: it would look empty in it, though it isn't. */
export function selectNotRewritten(tables: readonly Table[]): Sql {
  const relids = tables.map((table) => String(table.relid));
  return sql`SELECT count(*) FROM pg_class c
    WHERE c.oid IN (
      SELECT r FROM unnest(${relids}::oid[]) AS r
      UNION SELECT p.relid FROM unnest(${relids}::oid[]) AS r, pg_partition_tree(r::regclass) AS p)
    AND c.relkind = 'r' AND c.relfilenode <> pg_relation_filenode(c.oid)`;
}

export function checkNotRewritten(rows: Rows | undefined, site: string): void {
  if (rows?.[0]?.[0] === "0") return;
  throw new RetryableError(`A table of ${site} was emptied or rewritten while its changes were read.`, {
    code: "table-changed",
  });
}
