import { messageOf, UnderstudyError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { isUsers } from "../catalogue.ts";
import { type Session, SqlError } from "../session.ts";
import { name, raw, type Sql, sql } from "../sql.ts";
import { type DumpOptions, readScript, withDump } from "./tools.ts";

/** Makes the source's extensions at the target, where they are missing, in the same schemas. */
export async function carryExtensions(source: Session, target: Session): Promise<void> {
  const query = sql`SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname <> 'plpgsql' ORDER BY 1`;
  const [[wanted], [present]] = await Promise.all([source.run(query), target.run(query)]);
  const there = new Map((present ?? []).map((row) => [row[0], row[1]]));
  const missing: string[] = [];
  for (const [extension, schema] of wanted ?? []) {
    if (typeof extension !== "string" || typeof schema !== "string") continue;
    const home = there.get(extension);
    if (home === schema) continue;
    if (home !== undefined) {
      missing.push(`${extension} is in schema ${home}, not ${schema}`);
      continue;
    }
    try {
      await target.run(
        sql`CREATE SCHEMA IF NOT EXISTS ${name(schema)}`,
        sql`CREATE EXTENSION IF NOT EXISTS ${name(extension)} SCHEMA ${name(schema)} CASCADE`,
      );
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      missing.push(`${extension} can't be made: ${messageOf(error.cause)}`);
    }
  }
  if (missing.length === 0) return;
  throw new UnderstudyError(
    `Extensions of ${source.site} are not at ${target.site}: ${missing.join("; ")}.`,
    {
      code: "extension-missing",
      suggestion: `Have the owner of ${target.site}'s database server enable them, in the same schema.`,
    },
  );
}

/** The parts of a schema: what comes before the rows, and what comes after them. */
export interface SchemaScripts {
  readonly before: string;
  readonly after: string;
}

/** The source's schema without foreign keys: a standby has none, they come with a promotion. */
export function dumpSchema(
  source: Session,
  options: Pick<DumpOptions, "excludeTables" | "signal">,
): Promise<SchemaScripts> {
  const leaveOut = /^\d+; \d+ \d+ FK CONSTRAINT /;
  return withDump(source, { ...options, sections: ["pre-data", "post-data"], leaveOut }, async (scripts) => ({
    before: await readScript(scripts["pre-data"]),
    after: await readScript(scripts["post-data"]),
  }));
}

/** Makes one part of a schema at the target and carries out `then`, all of it or nothing. */
export async function applySchema(target: Session, script: string, then: Sql): Promise<void> {
  try {
    await target.runLong(sql`BEGIN`, raw(script), then, sql`COMMIT`);
    await target.resetSettings();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new UnderstudyError(`The schema could not be made at ${target.site}: ${messageOf(error.cause)}`, {
      code: "schema-not-carried",
      cause: error,
      suggestion: `Mend it there, or empty the database of ${target.site}, and run init again.`,
    });
  }
}

/** Fills the materialized views, which a schema brings along empty. */
export async function refreshViews(target: Session, log: Log): Promise<void> {
  const [views] =
    await target.run(sql`SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND ${isUsers(sql`n.nspname`, sql`'pg_class'::regclass`, sql`c.oid`)} ORDER BY c.oid`);
  for (const [view] of views ?? []) {
    try {
      await target.runLong(sql`REFRESH MATERIALIZED VIEW ${raw(view ?? "")}`);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      log.warn(`The materialized view ${view} at ${target.site} stays empty: ${messageOf(error.cause)}`);
    }
  }
}

/**
 * The statements that drop all of the app's own objects, but for the tables named (as `schema.table`). Extensions and our
 * schema stay.
 */
export async function dropAllStatements(target: Session, keep: readonly string[]): Promise<readonly Sql[]> {
  const users = (classId: string) => isUsers(sql`n.nspname`, sql`${classId}::regclass`, sql`o.oid`);
  const [rows] = await target.run(sql`
    SELECT statement FROM (
      SELECT 1 AS place, o.oid, format('DROP %s IF EXISTS %s CASCADE', CASE o.relkind WHEN 'v' THEN 'VIEW'
          WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
          o.oid::regclass) AS statement
      FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
      WHERE o.relkind IN ('v', 'm', 'S', 'f', 'r', 'p') AND NOT o.relispartition AND ${users("pg_class")}
        AND format('%s.%s', n.nspname, o.relname) <> ALL (${keep}::text[])
        AND NOT EXISTS (
          SELECT FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace s ON s.oid = t.relnamespace
          WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND o.relkind = 'S' AND d.deptype IN ('a', 'i')
            AND format('%s.%s', s.nspname, t.relname) = ANY (${keep}::text[]))
      UNION ALL
      SELECT 2, o.oid, format('DROP ROUTINE IF EXISTS %s CASCADE', o.oid::regprocedure)
      FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE ${users("pg_proc")}
      UNION ALL
      SELECT 3, o.oid, format('DROP TYPE IF EXISTS %s CASCADE', format_type(o.oid, NULL))
      FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace LEFT JOIN pg_class c ON c.oid = o.typrelid
      WHERE (o.typtype IN ('e', 'd', 'r') OR (o.typtype = 'c' AND c.relkind = 'c')) AND ${users("pg_type")}
    ) AS drops ORDER BY place, oid`);
  return (rows ?? []).map((row) => raw(row[0] ?? ""));
}
