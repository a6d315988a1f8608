import { type Clock, systemClock } from "../../base/clock.ts";
import { RefusedError, RetryableError, UnderstudyError } from "../../base/errors.ts";
import type { FencePosition } from "../contract.ts";
import { gateLock } from "./install.ts";
import { BusyError, type Session } from "./session.ts";
import { raw, type Sql, sql } from "./sql.ts";
import { readState, type SiteState } from "./state.ts";

/** How long running transactions may take to end by themselves before they are ended. */
const graceMs = 1_000;

/** The same for what only reads. */
const readersGraceMs = 300;

export function staleEpoch(site: string, known: number, asked: number): RefusedError {
  return new RefusedError(`The database of ${site} knows epoch ${known}; epoch ${asked} is over.`, {
    code: "stale-epoch",
    rule: "stale-epoch",
    suggestion: 'Another cutover has happened since: look at "understudy status", then plan anew.',
  });
}

/** Throws `link-absent` where nothing of ours is installed. */
export async function stateOf(session: Session): Promise<SiteState> {
  const state = await readState(session);
  if (state !== undefined) return state;
  throw new UnderstudyError(`Nothing of Understudy is installed in the database of ${session.site}.`, {
    code: "link-absent",
    suggestion: 'Run "understudy link init" first.',
  });
}

/**
 * Shuts the gate under the lock that every writing transaction holds: once it is had, all that had passed the gate has
 * ended, so the snapshot taken with it shows all that was ever committed.
 */
async function shut(session: Session, epoch: number, waitMs: number): Promise<FencePosition> {
  const rows = await session.run(
    sql`BEGIN`,
    sql`SET LOCAL lock_timeout = ${waitMs}`,
    sql`SELECT pg_advisory_xact_lock(${gateLock})`,
    sql`UPDATE understudy.state SET role = 'fenced', epoch = ${epoch}, fenced_at = pg_current_snapshot()
      WHERE role = 'active' AND epoch <= ${epoch}`,
    sql`SELECT fenced_at, setval('understudy.gate', 0) FROM understudy.state WHERE role = 'fenced'`,
    sql`COMMIT`,
  );
  const position = rows[4]?.[0]?.[0];
  if (typeof position === "string") return position;
  throw new RetryableError(`The role of ${session.site} was changed while it was fenced.`, {
    code: "role-changed",
  });
}

/**
 * Ends sessions, as far as the role may. It acts as the role that logged in: where a platform gives each login the owner's
 * role, the owner itself may not end the logins' sessions.
 */
async function terminate(session: Session, which: Sql): Promise<void> {
  await session.run(
    sql`SET ROLE NONE`,
    sql`DO $$ DECLARE item record; BEGIN
      FOR item IN ${which} LOOP
        BEGIN
          PERFORM pg_terminate_backend(item.pid);
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
      END LOOP;
    END $$`,
    sql`RESET ROLE`,
  );
}

/** Ends the sessions that keep a fence from being exact: new writers are refused already, these had passed before. */
async function endWriters(session: Session, epoch: number): Promise<void> {
  await session.run(
    sql`SELECT setval('understudy.gate', 0) FROM understudy.state WHERE role = 'active' AND epoch <= ${epoch}`,
  );
  await terminate(
    session,
    sql`SELECT l.pid FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND (l.classid::bigint, l.objid::bigint) = (${gateLock})`,
  );
}

const appSessions = sql`FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.application_name NOT LIKE 'understudy%'
    AND coalesce(a.backend_type, 'client backend') = 'client backend'`;

/**
 * Ends the sessions of the app, so that its next ones have the defaults of now. Those that are in the midst of something
 * get a moment to finish it: the app's readers need not notice.
 */
export async function endSessions(session: Session, clock: Clock = systemClock): Promise<void> {
  for (const until = clock.monotonic() + readersGraceMs; clock.monotonic() < until; ) {
    await terminate(session, sql`SELECT a.pid ${appSessions} AND a.state = 'idle'`);
    if ((await session.cell(sql`SELECT count(*) ${appSessions}`)) === "0") return;
    await clock.sleep(20);
  }
  await terminate(session, sql`SELECT a.pid ${appSessions}`);
}

/**
 * Sessions are read-only by default from now on: for tables that no guard stands on, such as new ones. As a setting of the
 * database, which outlives a change of credentials; else of the role, where another owns the database.
 */
export async function setReadOnly(session: Session, on: boolean): Promise<void> {
  const change = on
    ? raw("SET default_transaction_read_only = on")
    : raw("RESET default_transaction_read_only");
  await session.run(
    sql`DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I ${change}', current_database());
    EXCEPTION WHEN insufficient_privilege THEN
      BEGIN
        EXECUTE format('ALTER ROLE %I IN DATABASE %I ${change}', current_user, current_database());
      EXCEPTION WHEN insufficient_privilege THEN
        -- The guards hold without it.
        NULL;
      END;
    END $$`,
  );
}

/** See {@link Link.fence}. */
export async function fenceSite(
  session: Session,
  epoch: number,
  options: { readonly signal?: AbortSignal | undefined; readonly clock?: Clock } = {},
): Promise<FencePosition> {
  const clock = options.clock ?? systemClock;
  const state = await stateOf(session);
  if (epoch < state.epoch) throw staleEpoch(session.site, state.epoch, epoch);
  if (state.role !== "active") {
    // A standby's gate is shut in any case. Its position matters only where it was fenced under this epoch.
    if (epoch > state.epoch)
      await session.run(sql`UPDATE understudy.state SET epoch = ${epoch} WHERE epoch < ${epoch}`);
    return state.fenced_at ?? (await session.cell(sql`SELECT pg_current_snapshot()`)) ?? "";
  }
  const position = await shutWithin(session, epoch, clock, options.signal);
  await setReadOnly(session, true);
  await endSessions(session);
  return position;
}

async function shutWithin(
  session: Session,
  epoch: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<FencePosition> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await shut(session, epoch, attempt === 1 ? graceMs : 200);
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await session.run(sql`ROLLBACK`);
      if (attempt > 50) {
        throw new RetryableError(
          `Transactions at ${session.site} that write do not end and can't be ended by this role.`,
          {
            code: "fence-busy",
            cause: error,
            suggestion:
              "End them as the owner of their roles, or stop the app's processes, then fence again.",
          },
        );
      }
      await endWriters(session, epoch);
      await clock.sleep(20, signal);
    }
  }
}
