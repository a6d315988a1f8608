import { z } from "zod";
import { onceFree } from "../once-free.ts";
import { type Session, SqlError } from "../session.ts";
import { name, raw, type Sql, sql } from "../sql.ts";
import type { WaitOptions } from "../while-busy.ts";

/**
 * What would act by itself on applied rows, at a standby: triggers would fire again, rules rewrite, foreign keys cascade
 * (only a superuser can hold them back for one session). `quiet` takes it off and writes down how to put it back; `restore`
 * does that. Foreign keys come back NOT VALID, which takes milliseconds whatever the size of a table and holds for new rows
 * at once; {@link proveForeignKeys} has the old rows checked later, without stopping writers.
 *
 * A partitioned table can't have a foreign key that is NOT VALID (before Postgres 18): until it is proven, its partitions
 * have one each.
 */
const foreignKeys = raw(`
CREATE OR REPLACE FUNCTION understudy.foreign_keys() RETURNS TABLE (relid oid, name text, definition text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $keys$
  SELECT c.conrelid, c.conname::text, pg_get_constraintdef(c.oid)
  FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE c.contype = 'f' AND c.conparentid = 0 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'understudy')
    AND NOT EXISTS (
      SELECT FROM understudy.quieted q
      WHERE q.name = c.conname AND q.kind IN ('unproven', 'broken') AND c.conrelid IN (SELECT p.relid FROM pg_partition_tree(q.relid) p
        UNION SELECT q.relid))
  UNION ALL SELECT q.relid, q.name, q.definition FROM understudy.quieted q WHERE q.kind IN ('foreign key', 'unproven', 'broken')
$keys$`);

const loud = raw(`
CREATE OR REPLACE FUNCTION understudy.loud(excluded text[])
RETURNS TABLE (relid oid, kind text, name text, definition text, off text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $loud$
  SELECT found.relid, found.kind, found.name::text, found.definition, found.off FROM (
    SELECT 1 AS place, c.conrelid AS relid, 'foreign key' AS kind, c.conname AS name,
      pg_get_constraintdef(c.oid) AS definition, format('DROP CONSTRAINT %I', c.conname) AS off
    FROM pg_constraint c WHERE c.contype = 'f' AND c.conparentid = 0
    UNION ALL
    SELECT 2, t.tgrelid, 'trigger', t.tgname,
      format('ENABLE %sTRIGGER %I', CASE t.tgenabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, t.tgname),
      format('DISABLE TRIGGER %I', t.tgname)
    FROM pg_trigger t
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgname NOT LIKE 'understudy\\_%'
    UNION ALL
    SELECT 3, r.ev_class, 'rule', r.rulename,
      format('ENABLE %sRULE %I', CASE r.ev_enabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END, r.rulename),
      format('DISABLE RULE %I', r.rulename)
    FROM pg_rewrite r WHERE r.rulename <> '_RETURN' AND r.ev_enabled <> 'D'
  ) AS found
  JOIN pg_class c ON c.oid = found.relid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'understudy')
    AND format('%s.%s', n.nspname, c.relname) <> ALL (excluded) AND pg_has_role(c.relowner, 'USAGE')
  ORDER BY found.place, found.relid
$loud$`);

const quiet = raw(`
CREATE OR REPLACE FUNCTION understudy.quiet(excluded text[]) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $quiet$
DECLARE
  item record;
  leaf oid;
BEGIN
  -- Held until the end, so that no promotion comes in between.
  PERFORM FROM understudy.state WHERE role <> 'active' FOR SHARE;
  IF NOT FOUND THEN RAISE EXCEPTION 'this site is active' USING ERRCODE = 'UN002'; END IF;
  FOR item IN SELECT q.relid, q.kind, q.name FROM understudy.quieted q WHERE q.kind IN ('unproven', 'broken') LOOP
    FOR leaf IN SELECT item.relid UNION SELECT p.relid FROM pg_partition_tree(item.relid) p LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', leaf::regclass, item.name);
    END LOOP;
    UPDATE understudy.quieted q SET kind = 'foreign key' WHERE (q.relid, q.kind, q.name) = (item.relid, item.kind, item.name);
  END LOOP;
  FOR item IN SELECT * FROM understudy.loud(excluded) LOOP
    INSERT INTO understudy.quieted (relid, kind, name, definition)
      VALUES (item.relid, item.kind, item.name, item.definition)
      ON CONFLICT (relid, kind, name) DO UPDATE SET definition = EXCLUDED.definition;
    EXECUTE format('ALTER TABLE %s%s %s', CASE item.kind WHEN 'trigger' THEN 'ONLY ' ELSE '' END, item.relid::regclass, item.off);
  END LOOP;
END $quiet$`);

const restore = raw(`
CREATE OR REPLACE FUNCTION understudy.restore() RETURNS SETOF text LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $restore$
DECLARE
  item record;
  leaf record;
BEGIN
  FOR item IN SELECT q.*, c.relkind FROM understudy.quieted q JOIN pg_class c ON c.oid = q.relid WHERE q.kind NOT IN ('unproven', 'broken') LOOP
    BEGIN
      IF item.kind <> 'foreign key' THEN
        EXECUTE format('ALTER TABLE %s%s %s', CASE item.kind WHEN 'trigger' THEN 'ONLY ' ELSE '' END, item.relid::regclass, item.definition);
        DELETE FROM understudy.quieted q WHERE (q.relid, q.kind, q.name) = (item.relid, item.kind, item.name);
        CONTINUE;
      END IF;
      FOR leaf IN
        SELECT item.relid AS relid WHERE item.relkind = 'r'
        UNION ALL SELECT p.relid FROM pg_partition_tree(item.relid) p WHERE p.isleaf AND item.relkind = 'p'
      LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s NOT VALID', leaf.relid::regclass, item.name,
          regexp_replace(item.definition, ' NOT VALID$', ''));
      END LOOP;
      IF item.definition LIKE '% NOT VALID' THEN
        DELETE FROM understudy.quieted q WHERE (q.relid, q.kind, q.name) = (item.relid, item.kind, item.name);
      ELSE
        UPDATE understudy.quieted q SET kind = 'unproven' WHERE (q.relid, q.kind, q.name) = (item.relid, item.kind, item.name);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      RETURN NEXT format('%s %s of %s could not be put back: %s', item.kind, item.name, item.relid::regclass, SQLERRM);
    END;
  END LOOP;
END $restore$`);

export const quietFunctions: readonly Sql[] = [foreignKeys, loud, quiet, restore];

/** One cell: whether anything at a site would act by itself on applied rows. */
export function selectLoud(excluded: readonly string[]): Sql {
  return sql`SELECT EXISTS (SELECT FROM understudy.loud(${excluded}))
    OR EXISTS (SELECT FROM understudy.quieted WHERE kind IN ('unproven', 'broken'))`;
}

/** Takes it off. Throws as {@link onceFree} does. */
export async function quietDown(
  session: Session,
  excluded: readonly string[],
  options: WaitOptions = {},
): Promise<void> {
  await onceFree(session, "A table", () => session.run(sql`SELECT understudy.quiet(${excluded})`), options);
}

const keysSchema = z.array(
  z.object({
    /** As `schema.table`. */
    table: z.string(),
    /** The same as SQL writes it. */
    relation: z.string(),
    name: z.string(),
    definition: z.string(),
  }),
);

export type ForeignKeys = Readonly<z.output<typeof keysSchema>>;

/** One cell of JSON: the foreign keys of a site, also those that are taken off or not proven yet. */
export const selectForeignKeys: Sql = sql`
  SELECT coalesce(json_agg(json_build_object('table', format('%s.%s', n.nspname, c.relname),
    'relation', k.relid::regclass::text, 'name', k.name, 'definition', k.definition)
    ORDER BY k.relid::regclass::text, k.name), '[]')
  FROM understudy.foreign_keys() k JOIN pg_class c ON c.oid = k.relid JOIN pg_namespace n ON n.oid = c.relnamespace`;

export function parseForeignKeys(cell: string | null | undefined): ForeignKeys {
  return keysSchema.parse(JSON.parse(cell ?? "[]"));
}

/** Makes a standby remember the foreign keys that its source has, so that it gets these when it is promoted. */
export function rememberForeignKeys(keys: ForeignKeys): readonly Sql[] {
  const rows = JSON.stringify(keys);
  return [
    sql`DELETE FROM understudy.quieted WHERE kind = 'foreign key'`,
    sql`INSERT INTO understudy.quieted (relid, kind, name, definition)
      SELECT to_regclass(k.relation), 'foreign key', k.name, k.definition
      FROM json_to_recordset(${rows}) AS k(relation text, name text, definition text)
      WHERE to_regclass(k.relation) IS NOT NULL`,
  ];
}

/**
 * Checks old rows against the foreign keys that came back at a promotion; the app may write meanwhile. Gives a note for
 * each that does not hold: it stays as it is, in force for new rows.
 */
export async function proveForeignKeys(session: Session): Promise<readonly string[]> {
  const [waiting] = await session.run(sql`
    SELECT q.relid::regclass, q.name, q.definition, q.relid, c.relkind
    FROM understudy.quieted q JOIN pg_class c ON c.oid = q.relid WHERE q.kind = 'unproven' ORDER BY 1, 2`);
  const notes: string[] = [];
  for (const row of waiting ?? []) {
    const [table = "", key = "", definition = "", relid = "", kind = ""] = row.map((cell) => cell ?? "");
    const which = sql`kind = 'unproven' AND relid = ${relid} AND name = ${key}`;
    try {
      const leaves = kind === "p" ? await leavesOf(session, relid) : [table];
      for (const leaf of leaves) {
        await session.runLong(sql`ALTER TABLE ${raw(leaf)} VALIDATE CONSTRAINT ${name(key)}`);
      }
      // The partitions' keys become parts of it, and are not checked again.
      if (kind === "p") {
        await session.runLong(sql`ALTER TABLE ${raw(table)} ADD CONSTRAINT ${name(key)} ${raw(definition)}`);
      }
      await session.run(sql`DELETE FROM understudy.quieted WHERE ${which}`);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      await session.run(sql`UPDATE understudy.quieted SET kind = 'broken' WHERE ${which}`);
      notes.push(
        `${session.site}: foreign key ${key} of ${table} does not hold for all its rows: ${error.message}`,
      );
    }
  }
  return notes;
}

async function leavesOf(session: Session, relid: string): Promise<readonly string[]> {
  const [rows] = await session.run(
    sql`SELECT p.relid::regclass FROM pg_partition_tree(${relid}::oid) p WHERE p.isleaf`,
  );
  return (rows ?? []).flatMap((row) => row[0] ?? []);
}
