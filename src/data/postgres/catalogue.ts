import { z } from "zod";
import type { Session } from "./session.ts";
import { type Sql, sql } from "./sql.ts";

const columnSchema = z.object({
  name: z.string(),
  number: z.number(),
  /** As SQL writes it, with its length or precision. */
  type: z.string(),
  notNull: z.boolean(),
  generated: z.boolean(),
  identity: z.enum(["", "a", "d"]),
  /** Can't be unnested from an array of its own type (arrays, composites, box with its own delimiter): goes through text. */
  viaText: z.boolean(),
  /** The value that rows from before the column was added have, where it is kept apart. */
  missing: z.string().nullable(),
});

const keyPartSchema = z.object({
  name: z.string(),
  number: z.number(),
  type: z.string(),
  /** Schema of the operator `=` that the index uses. */
  operatorSchema: z.string(),
  /** Whether its text form depends on no setting of a session. */
  plainText: z.boolean(),
});

const tableSchema = z.object({
  relid: z.number(),
  schema: z.string(),
  name: z.string(),
  kind: z.enum(["r", "p"]),
  partition: z.boolean(),
  /** Part of a hierarchy of inheritance, which is not partitioning. */
  inherits: z.boolean(),
  owned: z.boolean(),
  /** Has policies that hide rows from its owner too. */
  hidden: z.boolean(),
  filenode: z.number(),
  /** Changes whenever anything changes that the reading of a row depends on. */
  shape: z.string(),
  rowBytes: z.number(),
  columns: z.array(columnSchema),
  /** Empty = none. */
  key: z.array(keyPartSchema),
  /** A deferrable key can't be the target of ON CONFLICT. */
  keyImmediate: z.boolean(),
  /** The id under which our triggers there log, if there are any and nobody has disabled one. */
  logged: z.object({ id: z.number(), key: z.array(z.string()), byRow: z.boolean() }).nullable(),
  guarded: z.boolean(),
});

const catalogueSchema = z.object({
  tables: z.array(tableSchema),
  enums: z.record(z.string(), z.array(z.string())),
  sequences: z.array(z.string()),
});

export type Column = Readonly<z.output<typeof columnSchema>>;
export type Table = Readonly<z.output<typeof tableSchema>>;
export type Catalogue = Readonly<z.output<typeof catalogueSchema>>;

/** What of a table a row's reading depends on, as one text; `relid` is an SQL expression. */
export function shapeOf(relid: Sql): Sql {
  return sql`md5((
    SELECT concat(rel.relnamespace, ' ', rel.relname, ' ', (
      SELECT string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated,
          a.attidentity, a.atthasmissing), ',' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped
    ), ' ', (
      SELECT string_agg(concat_ws(' ', i.indexrelid, i.indkey, i.indimmediate), ',' ORDER BY i.indexrelid)
      FROM pg_index i WHERE i.indrelid = rel.oid AND i.indisunique AND i.indisvalid
    )) FROM pg_class rel WHERE rel.oid = ${relid}))`;
}

/** Tables and the like of users: not the system's, ours, or an extension's. */
export function isUsers(namespace: Sql, classId: Sql, oid: Sql): Sql {
  return sql`${namespace} NOT IN ('pg_catalog', 'information_schema', 'understudy')
    AND ${namespace} NOT LIKE 'pg\\_toast%' AND ${namespace} NOT LIKE 'pg\\_temp%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = ${classId} AND d.objid = ${oid} AND d.deptype = 'e')`;
}

// Types whose text form is the same in every session.
const plainTypes = sql`('bool', 'int2', 'int4', 'int8', 'numeric', 'text', 'varchar', 'bpchar', 'uuid', 'name', 'inet', 'cidr',
  'macaddr', 'macaddr8', 'bit', 'varbit', 'oid')`;

const columns = sql`(
  SELECT coalesce(json_agg(json_build_object(
    'name', a.attname, 'number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
    'generated', a.attgenerated <> '', 'identity', a.attidentity,
    'viaText', t.typarray = 0 OR t.typdelim <> ',' OR coalesce(b.typtype, t.typtype) = 'c',
    'missing', a.attmissingval::text) ORDER BY a.attnum), '[]')
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;

// The primary key, else the oldest unique index over columns that can't be null.
const keyIndex = sql`(
  SELECT i.indexrelid FROM pg_index i
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
      SELECT FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
        AND (NOT a.attnotnull OR a.attgenerated <> ''))
  ORDER BY i.indisprimary DESC, i.indimmediate DESC, i.indexrelid LIMIT 1)`;

const keyParts = sql`(
  SELECT coalesce(json_agg(json_build_object(
    'name', a.attname, 'number', a.attnum, 'type', format_type(a.atttypid, a.atttypmod),
    'operatorSchema', n.nspname, 'plainText', t.typname IN ${plainTypes} AND t.typnamespace = 'pg_catalog'::regnamespace)
    ORDER BY k.place), '[]')
  FROM unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k(attnum, opclass, place)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_opclass o ON o.oid = k.opclass
  JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype
    AND m.amopstrategy = 3
  JOIN pg_operator p ON p.oid = m.amopopr
  JOIN pg_namespace n ON n.oid = p.oprnamespace
  WHERE k.place <= i.indnkeyatts)`;

const tables = (installed: boolean) => sql`
  SELECT coalesce(json_agg(json_build_object(
    'relid', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'partition', c.relispartition,
    'inherits', NOT c.relispartition AND c.relkind = 'r'
      AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhrelid = c.oid OR h.inhparent = c.oid),
    'owned', pg_has_role(c.relowner, 'USAGE'),
    'hidden', c.relrowsecurity AND c.relforcerowsecurity AND row_security_active(c.oid), 'filenode', c.relfilenode::bigint, 'shape', ${shapeOf(sql`c.oid`)},
    'rowBytes', CASE WHEN c.reltuples > 0 THEN pg_table_size(c.oid) / c.reltuples ELSE 200 END,
    'columns', ${columns},
    'key', coalesce(${keyParts}, '[]'), 'keyImmediate', coalesce(i.indimmediate, false),
    'logged', ${
      installed
        ? sql`(SELECT json_build_object('id', l.id, 'key', l.key, 'byRow', l.by_row) FROM understudy.tables l
             WHERE l.relid = c.oid AND EXISTS (
               SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'understudy_log_truncate')
             AND NOT EXISTS (
               SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname LIKE 'understudy\\_log\\_%' AND g.tgenabled = 'D')
             ORDER BY l.id DESC LIMIT 1)`
        : sql`NULL`
    },
    'guarded', EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'understudy_guard'
      AND g.tgenabled <> 'D')
  ) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = ${keyIndex}
  WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
    AND ${isUsers(sql`n.nspname`, sql`'pg_class'::regclass`, sql`c.oid`)}`;

const enums = sql`
  SELECT coalesce(json_object_agg(e.name, e.labels), '{}') FROM (
    SELECT format_type(t.oid, NULL) AS name, json_agg(l.enumlabel ORDER BY l.enumsortorder) AS labels
    FROM pg_type t JOIN pg_enum l ON l.enumtypid = t.oid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE ${isUsers(sql`n.nspname`, sql`'pg_type'::regclass`, sql`t.oid`)} GROUP BY t.oid) AS e`;

const sequences = sql`
  SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'S' AND c.relpersistence <> 't'
    AND ${isUsers(sql`n.nspname`, sql`'pg_class'::regclass`, sql`c.oid`)}`;

/** One cell of JSON; `installed`: whether schema `understudy` is there. */
export function selectCatalogue(installed: boolean): Sql {
  return sql`SELECT json_build_object('tables', (${tables(installed)}), 'enums', (${enums}), 'sequences', (${sequences}))`;
}

export function parseCatalogue(cell: string | null | undefined): Catalogue {
  return catalogueSchema.parse(JSON.parse(cell ?? "null"));
}

export async function readCatalogue(session: Session, installed: boolean): Promise<Catalogue> {
  return parseCatalogue(await session.cell(selectCatalogue(installed)));
}

/** `schema.name`, as people write it. */
export function nameOf(table: { readonly schema: string; readonly name: string }): string {
  return `${table.schema}.${table.name}`;
}
