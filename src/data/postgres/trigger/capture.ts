import { nameOf, type Table } from "../catalogue.ts";
import { onceFree } from "../once-free.ts";
import type { Session } from "../session.ts";
import { join, name, type Sql, sql } from "../sql.ts";
import type { WaitOptions } from "../while-busy.ts";

/** How a log row names a row of a table: its key's values in their text form. */
function keyOf(table: Table, row: Sql): Sql {
  return sql`ARRAY[${join(table.key.map((part) => sql`${row}.${name(part.name)}::text`))}]`;
}

// The types whose text depends on a session's settings need the settings that the link reads them with; each costs the
// app some microseconds a statement, so other tables are spared them.
const pins = sql`SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 3
  SET bytea_output = 'hex' SET lc_monetary = 'C'`;

function byStatement(table: Table, id: number): Sql {
  const [fresh, old] = [keyOf(table, sql`n`), keyOf(table, sql`o`)];
  return sql`
  IF TG_OP = 'INSERT' THEN
    INSERT INTO understudy.changes (tab, op, key) SELECT ${id}, 'I', ${fresh} FROM new_rows n;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO understudy.changes (tab, op, key) SELECT ${id}, 'D', ${old} FROM old_rows o;
  ELSE
    INSERT INTO understudy.changes (tab, op, key)
    SELECT ${id}, 'U', ${fresh} FROM new_rows n
    UNION ALL SELECT ${id}, 'D', gone.key FROM
      (SELECT ${old} AS key FROM old_rows o EXCEPT SELECT ${fresh} FROM new_rows n) AS gone;
  END IF;`;
}

// Old-style inheritance: a statement on the parent gives its trigger the children's rows without saying whose they are.
function byRow(table: Table, id: number): Sql {
  const [fresh, old] = [keyOf(table, sql`NEW`), keyOf(table, sql`OLD`)];
  return sql`
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO understudy.changes (tab, op, key) VALUES (${id}, CASE TG_OP WHEN 'INSERT' THEN 'I' ELSE 'U' END, ${fresh});
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND ${old} IS DISTINCT FROM ${fresh}) THEN
    INSERT INTO understudy.changes (tab, op, key) VALUES (${id}, 'D', ${old});
  END IF;`;
}

/**
 * The function that logs. It names the key's columns and nothing else of the table, and looks first whether there are
 * columns of these names, so that no migration of the app's can make its writes fail: after a renamed key it asks for a new
 * copy. (Asking for a privilege is the cheapest way to look: it takes no query.)
 */
function logFunction(table: Table, id: number): Sql {
  const known = table.key.map(
    (part) => sql`has_column_privilege(TG_RELID, ${part.name}::text, 'SELECT'::text)`,
  );
  return sql`
CREATE OR REPLACE FUNCTION understudy.${name(`log_${id}`)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp ${table.key.every((part) => part.plainText) ? sql`` : pins} AS $log$
DECLARE
  known boolean := false;
BEGIN
  IF current_setting('understudy.session', true) = 'link' THEN RETURN NULL; END IF;
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO understudy.changes (tab, op) VALUES (${id}, 'T');
    RETURN NULL;
  END IF;
  BEGIN
    known := ${join(known, " AND ")};
  EXCEPTION WHEN undefined_column THEN
    NULL;
  END;
  IF known IS NOT TRUE THEN
    INSERT INTO understudy.changes (tab, op) VALUES (${id}, 'R');
    RETURN NULL;
  END IF;
  ${table.inherits ? byRow(table, id) : byStatement(table, id)}
  RETURN NULL;
END $log$`;
}

const logTriggers = ["insert", "update", "delete", "truncate", "row"] as const;

function createLogTriggers(table: Table, id: number): readonly Sql[] {
  const on = sql`ON ${name(table.schema, table.name)}`;
  const call = sql`EXECUTE FUNCTION understudy.${name(`log_${id}`)}()`;
  const truncate = sql`CREATE TRIGGER understudy_log_truncate AFTER TRUNCATE ${on} FOR EACH STATEMENT ${call}`;
  if (table.inherits) {
    return [
      sql`CREATE TRIGGER understudy_log_row AFTER INSERT OR UPDATE OR DELETE ${on} FOR EACH ROW ${call}`,
      truncate,
    ];
  }
  const news = sql`NEW TABLE AS new_rows`;
  const olds = sql`OLD TABLE AS old_rows`;
  return [
    sql`CREATE TRIGGER understudy_log_insert AFTER INSERT ${on} REFERENCING ${news} FOR EACH STATEMENT ${call}`,
    sql`CREATE TRIGGER understudy_log_update AFTER UPDATE ${on} REFERENCING ${olds} ${news} FOR EACH STATEMENT ${call}`,
    sql`CREATE TRIGGER understudy_log_delete AFTER DELETE ${on} REFERENCING ${olds} FOR EACH STATEMENT ${call}`,
    truncate,
  ];
}

function createGuard(table: Table): Sql {
  return sql`CREATE TRIGGER understudy_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
    ON ${name(table.schema, table.name)} FOR EACH STATEMENT EXECUTE FUNCTION understudy.guard()`;
}

/** Whether the triggers on a table log what they should. */
export function isCaptured(table: Table): boolean {
  return (
    table.logged !== null &&
    table.logged.byRow === table.inherits &&
    table.logged.key.join("\n") === table.key.map((part) => part.name).join("\n")
  );
}

/** A new id each time, so that what older triggers logged by another key is never taken for this one's. */
async function installOn(session: Session, table: Table, log: boolean): Promise<void> {
  const on = name(table.schema, table.name);
  if (!table.guarded)
    await session.run(sql`DROP TRIGGER IF EXISTS understudy_guard ON ${on}`, createGuard(table));
  if (!log || isCaptured(table)) return;
  const key = table.key.map((part) => part.name);
  const id = await session.cell(sql`
    INSERT INTO understudy.tables (relid, key, by_row) VALUES (${table.relid}, ${key}, ${table.inherits}) RETURNING id`);
  const drops = logTriggers.map(
    (trigger) => sql`DROP TRIGGER IF EXISTS ${name(`understudy_log_${trigger}`)} ON ${on}`,
  );
  await session.run(...drops, logFunction(table, Number(id)), ...createLogTriggers(table, Number(id)));
}

/** Puts the guard and, where `log` says so, the log's triggers on a table. Throws as {@link onceFree} does. */
export function capture(
  session: Session,
  table: Table,
  options: { readonly log: boolean } & WaitOptions,
): Promise<void> {
  return onceFree(session, nameOf(table), () => installOn(session, table, options.log), options);
}

/** Takes everything of ours off a database; the app's data stays. */
export async function uninstall(
  session: Session,
  tables: readonly Table[],
  options: WaitOptions,
): Promise<void> {
  const names = ["understudy_guard", ...logTriggers.map((trigger) => `understudy_log_${trigger}`)];
  for (const table of tables) {
    const on = name(table.schema, table.name);
    const drops = names.map((trigger) => sql`DROP TRIGGER IF EXISTS ${name(trigger)} ON ${on}`);
    await onceFree(session, nameOf(table), () => session.run(...drops), options);
  }
  await session.run(sql`DROP SCHEMA IF EXISTS understudy CASCADE`);
}
