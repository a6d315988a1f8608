import { UnderstudyError } from "../../base/errors.ts";
import { shapeOf } from "./catalogue.ts";
import { type Session, SqlError } from "./session.ts";
import { raw, type Sql, sql } from "./sql.ts";
import { quietFunctions } from "./trigger/quiet.ts";

/** Raised with each change of the objects below; an older installation is brought up to date by `init`. */
const version = 3;

/** The advisory lock that every writing transaction holds shared, and a fence takes alone. */
export const gateLock = raw("1970168933, 1952539749");

/** The advisory lock under which one process at a time copies tables to a target. */
export const copyLock = raw("1970168933, 1668247673");

/**
 * The same objects stand at both ends, since the ends swap roles.
 *
 * `state` says what this site is. `gate` says whether apps may write (1) or not (0): a sequence, since reading one shows
 * its present value whatever snapshot the reader's transaction has, so that a REPEATABLE READ transaction begun before a
 * fence can't write after it. `changes` holds the keys of changed rows, not the rows: a reader takes the rows as its own
 * snapshot shows them, so neither the order within the log nor the shape of a row at the time of a change matters.
 * At the target, `progress` is what has been applied, by source; `copied` which tables have been copied; `quieted` what
 * was taken off so that applied rows set nothing off, and how to put it back; `lost` what a reseed would have destroyed.
 * `shapes` is what the tables looked like when this site was promoted: the start of the way back.
 */
const objects = raw(`
CREATE SCHEMA IF NOT EXISTS understudy;
CREATE TABLE IF NOT EXISTS understudy.state (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version integer NOT NULL,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  service text NOT NULL,
  site text NOT NULL,
  role text NOT NULL CHECK (role IN ('active', 'fenced', 'standby')),
  epoch bigint NOT NULL,
  fenced_at pg_snapshot,
  promoted_at pg_snapshot,
  promoted_from uuid,
  promoted_with pg_snapshot,
  promoted_epoch bigint,
  log_from pg_snapshot
);
CREATE SEQUENCE IF NOT EXISTS understudy.gate MINVALUE 0 MAXVALUE 1 START 0 CYCLE;
CREATE TABLE IF NOT EXISTS understudy.tables (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  relid oid NOT NULL,
  key text[] NOT NULL,
  by_row boolean NOT NULL
);
CREATE TABLE IF NOT EXISTS understudy.changes (
  txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tab integer NOT NULL,
  op "char" NOT NULL,
  key text[]
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_analyze_scale_factor = 0,
        autovacuum_analyze_threshold = 100000000);
CREATE INDEX IF NOT EXISTS changes_txid ON understudy.changes (txid);
CREATE TABLE IF NOT EXISTS understudy.progress (
  source uuid PRIMARY KEY,
  site text NOT NULL,
  server text,
  turn bigint NOT NULL DEFAULT 0,
  stage text NOT NULL,
  snapshot pg_snapshot,
  copied_at pg_snapshot,
  complete boolean NOT NULL DEFAULT false,
  read_at timestamptz,
  recent jsonb NOT NULL DEFAULT '[]',
  sequences jsonb NOT NULL DEFAULT '{}',
  sequences_final boolean NOT NULL DEFAULT false,
  drift text[] NOT NULL DEFAULT '{}',
  writes bigint
);
CREATE TABLE IF NOT EXISTS understudy.copied (
  relid oid PRIMARY KEY,
  tab integer NOT NULL,
  shape text NOT NULL,
  filenode oid NOT NULL,
  columns smallint[] NOT NULL
);
CREATE TABLE IF NOT EXISTS understudy.quieted (
  relid oid NOT NULL,
  kind text NOT NULL,
  name text NOT NULL,
  definition text NOT NULL,
  PRIMARY KEY (relid, kind, name)
);
CREATE TABLE IF NOT EXISTS understudy.shapes (
  relid oid PRIMARY KEY,
  tab integer NOT NULL,
  shape text NOT NULL,
  filenode oid NOT NULL,
  columns smallint[] NOT NULL
);
CREATE TABLE IF NOT EXISTS understudy.lost (
  epoch bigint NOT NULL,
  at timestamptz NOT NULL,
  relation text NOT NULL,
  op "char" NOT NULL,
  key text[],
  row jsonb
);`);

/**
 * Refuses writes where the gate is shut, and waits a moment for one that is about to be opened (it has no value then).
 * Holding the lock to the end of the transaction is what makes a fence exact: it gets the lock alone only once every
 * transaction that passed here has ended. It runs with each statement that writes, so what an app meets on an ordinary day
 * is made of expressions that PL/pgSQL evaluates without a query.
 */
const guard = sql`
CREATE OR REPLACE FUNCTION understudy.guard() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $guard$
DECLARE
  here understudy.state;
  gate bigint;
  begun timestamptz;
BEGIN
  IF current_setting('understudy.session', true) = 'link' THEN RETURN NULL; END IF;
  IF NOT pg_try_advisory_xact_lock_shared(${gateLock}) THEN
    PERFORM pg_advisory_xact_lock_shared(${gateLock});
  END IF;
  gate := pg_sequence_last_value('understudy.gate'::regclass);
  -- The statement itself may have begun long ago, and waited for a table's lock.
  begun := clock_timestamp();
  WHILE gate IS NULL AND clock_timestamp() < begun + interval '2 s' LOOP
    PERFORM pg_sleep(0.005);
    gate := pg_sequence_last_value('understudy.gate'::regclass);
  END LOOP;
  IF gate = 1 AND current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN RETURN NULL; END IF;
  SELECT * INTO here FROM understudy.state;
  IF gate = 1 THEN
    -- Its snapshot shows whether the site was active already: what came here since then, it can't see.
    IF here.role = 'active' THEN RETURN NULL; END IF;
    RAISE EXCEPTION USING
      ERRCODE = 'serialization_failure',
      MESSAGE = format('could not serialize access: site %s was promoted after this transaction began', here.site),
      HINT = 'The transaction might succeed if retried.';
  END IF;
  RAISE EXCEPTION USING
    ERRCODE = 'read_only_sql_transaction',
    MESSAGE = format('%s.%s may not be written: site %s is %s for service %s since epoch %s',
      TG_TABLE_SCHEMA, TG_TABLE_NAME, here.site, here.role, here.service, here.epoch),
    HINT = 'Writes go to the active site; "understudy status" says which that is.';
END $guard$`;

/**
 * Called in each transaction that writes to a target: locks the progress and makes sure that it is still what the applier
 * read (null = whatever it is), and that this site still is a standby. Its two codes are ours: UN001 another applier was
 * faster, UN002 not a standby.
 */
const claim = raw(`
CREATE OR REPLACE FUNCTION understudy.claim(which uuid, expected bigint) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $claim$
DECLARE
  found_turn bigint;
  found_role text;
BEGIN
  SELECT turn INTO found_turn FROM understudy.progress WHERE source = which FOR UPDATE;
  IF found_turn IS NULL OR found_turn <> expected THEN RAISE EXCEPTION 'the progress has moved' USING ERRCODE = 'UN001'; END IF;
  SELECT role INTO found_role FROM understudy.state;
  IF found_role <> 'standby' THEN RAISE EXCEPTION 'this site is %', found_role USING ERRCODE = 'UN002'; END IF;
END $claim$`);

/** The SQLSTATEs that our own functions raise. */
export const raised = { moved: "UN001", notStandby: "UN002", stale: "UN003" } as const;

/**
 * Makes a standby active under a new epoch, all in one transaction. The gate is opened by its caller, after the commit:
 * until then no app's write can be in the log, so all that comes later is after `promoted_at`. Gives notes.
 */
const promoteFunction = sql`
CREATE OR REPLACE FUNCTION understudy.promote(which uuid, new_epoch bigint, positions jsonb) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $promote$
DECLARE
  here understudy.state;
  with_snapshot pg_snapshot;
  notes text[];
BEGIN
  SELECT snapshot INTO with_snapshot FROM understudy.progress WHERE source = which FOR UPDATE;
  SELECT * INTO here FROM understudy.state FOR UPDATE;
  IF here.epoch > new_epoch THEN RAISE EXCEPTION 'its epoch is %', here.epoch USING ERRCODE = 'UN003'; END IF;
  IF here.role <> 'standby' THEN RAISE EXCEPTION 'this site is %', here.role USING ERRCODE = 'UN002'; END IF;
  notes := ARRAY(SELECT understudy.restore());
  PERFORM setval(p.key::regclass, p.value::bigint) FROM jsonb_each_text(positions) AS p;
  DELETE FROM understudy.shapes;
  INSERT INTO understudy.shapes
    SELECT c.oid, (SELECT max(t.id) FROM understudy.tables t WHERE t.relid = c.oid), ${shapeOf(sql`c.oid`)}, c.relfilenode,
      ARRAY(SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
    FROM pg_class c WHERE c.oid IN (SELECT relid FROM understudy.tables);
  UPDATE understudy.state SET role = 'active', epoch = new_epoch, fenced_at = NULL,
    promoted_at = pg_current_snapshot(), promoted_from = which, promoted_with = with_snapshot,
    promoted_epoch = new_epoch;
  RETURN notes;
END $promote$`;

/** What a new site is. */
export interface Identity {
  readonly service: string;
  readonly site: string;
  readonly role: "active" | "standby";
  readonly epoch: number;
}

function stateRow(identity: Identity): Sql {
  const { service, site, role, epoch } = identity;
  return sql`
    WITH made AS (
      INSERT INTO understudy.state (version, service, site, role, epoch)
      VALUES (${version}, ${service}, ${site}, ${role}, ${epoch}) ON CONFLICT DO NOTHING RETURNING role
    )
    SELECT setval('understudy.gate', CASE role WHEN 'active' THEN 1 ELSE 0 END) FROM made`;
}

/** Puts schema `understudy` there, or brings it up to date. A site that has a role already keeps it. */
export async function install(session: Session, identity: Identity): Promise<void> {
  try {
    await session.run(
      sql`BEGIN`,
      objects,
      guard,
      claim,
      ...quietFunctions,
      promoteFunction,
      stateRow(identity),
      sql`UPDATE understudy.state SET version = ${version} WHERE version < ${version}`,
      sql`COMMIT`,
    );
  } catch (error) {
    if (error instanceof SqlError && error.sqlstate === "42501") {
      throw new UnderstudyError(`The role of ${session.site} may not make a schema in its database.`, {
        code: "not-owner",
        cause: error,
        suggestion: `Connect as the owner of the database, or GRANT CREATE ON DATABASE to that role.`,
      });
    }
    throw error;
  }
}
