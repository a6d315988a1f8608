import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { RetryableError } from "../../../base/errors.ts";
import { nameOf, shapeOf, type Table } from "../catalogue.ts";
import { copyLock } from "../install.ts";
import type { Session } from "../session.ts";
import { join, name, type Sql, sql } from "../sql.ts";

/** One table at both ends. */
export interface Pair {
  readonly source: Table;
  readonly target: Table;
}

/** Only the table itself, where it is no partitioned one: not those that inherit from it. */
export function rowsOf(table: Table): Sql {
  return table.kind === "p" ? name(table.schema, table.name) : sql`ONLY ${name(table.schema, table.name)}`;
}

/** The columns that hold values of their own. */
export function storedColumns(table: Table): readonly Table["columns"][number][] {
  return table.columns.filter((column) => !column.generated);
}

/** How often the count of copied rows is told. */
const tellEveryMs = 1_000;

/** Counts lines: in COPY's text format a line break within a value is written `\n`, so each real one ends a row. */
function lineCounter(onRows: (rows: number) => void): Transform {
  let rows = 0;
  let toldAt = performance.now();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) rows++;
      if (performance.now() - toldAt > tellEveryMs) {
        toldAt = performance.now();
        onRows(rows);
      }
      done(undefined, chunk);
    },
    flush(done) {
      onRows(rows);
      done();
    },
  });
}

/**
 * Opens a snapshot at the source for the copy of a table and gives its text. The lock comes first: a table that is emptied
 * or rewritten after a snapshot looks empty in it.
 */
async function openSnapshot(source: Session, table: Table): Promise<string> {
  const [, , rows] = await source.run(
    sql`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`,
    sql`LOCK TABLE ${rowsOf(table)} IN ACCESS SHARE MODE`,
    sql`SELECT pg_current_snapshot(), ${shapeOf(sql`${table.relid}::oid`)}`,
  );
  const [snapshot, shape] = rows?.[0] ?? [];
  if (typeof snapshot === "string" && shape === table.shape) return snapshot;
  throw new RetryableError(
    `Table ${nameOf(table)} of ${source.site} was altered just before it was copied.`,
    {
      code: "table-changed",
    },
  );
}

/** Notes at the target what the source's table looks like, so that a later look sees what a migration did to its rows. */
export function noteCopied({ source, target }: Pair): Sql {
  const columns = source.columns.map((column) => String(column.number));
  return sql`INSERT INTO understudy.copied (relid, tab, shape, filenode, columns)
    VALUES (${target.relid}, ${source.logged?.id ?? 0}, ${source.shape}, ${source.filenode}, ${columns})
    ON CONFLICT (relid) DO UPDATE
    SET tab = EXCLUDED.tab, shape = EXCLUDED.shape, filenode = EXCLUDED.filenode, columns = EXCLUDED.columns`;
}

/**
 * Replaces a table's rows at the target by those of the source, in one transaction there, and notes the snapshot they were
 * read under. Does nothing when another process has copied it meanwhile, and fails when the target was promoted meanwhile.
 */
export async function copyTable(
  source: Session,
  target: Session,
  pair: Pair,
  options: {
    readonly sourceId: string;
    readonly onRows?: (rows: number) => void;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const tab = pair.source.logged?.id ?? 0;
  const [, , done] = await target.run(
    sql`BEGIN`,
    sql`SELECT pg_advisory_xact_lock(${copyLock})`,
    sql`SELECT FROM understudy.copied WHERE relid = ${pair.target.relid} AND tab = ${tab}`,
  );
  if (done !== undefined && done.length > 0) {
    await target.run(sql`ROLLBACK`);
    return;
  }
  if (pair.source.kind === "r") await target.runLong(sql`DELETE FROM ${rowsOf(pair.target)}`);
  const snapshot = await openSnapshot(source, pair.source);
  if (pair.source.kind === "r") await stream(source, target, pair, options);
  await source.run(sql`COMMIT`);
  await target.run(
    sql`SELECT understudy.claim(${options.sourceId}, NULL)`,
    noteCopied(pair),
    sql`UPDATE understudy.progress SET turn = turn + 1, complete = false, copied_at = ${snapshot}
      WHERE source = ${options.sourceId}`,
    sql`COMMIT`,
  );
}

async function stream(
  source: Session,
  target: Session,
  pair: Pair,
  options: { readonly onRows?: (rows: number) => void; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const columns = join(storedColumns(pair.source).map((column) => name(column.name)));
  const read = sql`COPY (SELECT ${columns} FROM ${rowsOf(pair.source)}) TO STDOUT`;
  const write = sql`COPY ${name(pair.target.schema, pair.target.name)} (${columns}) FROM STDIN`;
  const from = source.client.query(copyTo(read.text));
  const to = target.client.query(copyFrom(write.text));
  let failed: Session | undefined;
  from.once("error", () => (failed ??= source));
  to.once("error", () => (failed ??= target));
  const counter = lineCounter(options.onRows ?? (() => {}));
  try {
    await pipeline(from, counter, to, options.signal === undefined ? {} : { signal: options.signal });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw (failed ?? target).explain(error);
  }
}
