import type { Hold } from "../../contract.ts";
import { readCatalogue } from "../catalogue.ts";
import { nested } from "../nested.ts";
import { patience } from "../once-free.ts";
import type { Pool, Pools } from "../pool.ts";
import { promoteSite } from "../promote.ts";
import { BusyError, dropOnAbort, lockMs, openSession, type Session } from "../session.ts";
import { join, name, sql } from "../sql.ts";
import { whileBusy } from "../while-busy.ts";
import { carryUntil, hasReached } from "./drain.ts";
import { isExcluded, type Scope } from "./drift.ts";
import { createMover } from "./move.ts";

/** So many changes in one read of the source are near enough to the present to begin a hold. */
const fewChanges = 500;

/** A hold whose holder says nothing for so long is ended by the server; the writers are refused from then on. */
const silence = "20s";

/** Those who wait do so for no longer than this for what was left to drain. */
const drainMs = 10_000;

/**
 * Lets the app's writers at the target wait, by a lock on its tables that readers don't notice. Postgres takes a statement's
 * snapshot once it has its table locks, so one that waited sees all that was drained meanwhile, as if it had come later;
 * one that waits in a trigger would not. The transaction that has the locks is also the one that drains and promotes: with
 * its commit the writers go on at an active site, and without it nothing has happened.
 */
export async function holdTarget(pools: Pools, scope: Scope, signal: AbortSignal): Promise<Hold> {
  const mover = createMover({ scope });
  await carryUntil(pools, mover, ({ changes }) => changes < fewChanges, { signal });
  const session = await openSession(pools.target.end, { signal });
  try {
    await dropOnAbort(session, signal, () => whileBusy(() => lockTables(session, scope), { signal }));
  } catch (error) {
    session.drop();
    throw error;
  }
  const target: Pool = { end: pools.target.end, use: (work) => work(nested(session)) };
  return {
    // Not tried again: its transaction can't be begun anew.
    drain: (position, options = {}) => {
      const limit = AbortSignal.timeout(options.timeoutMs ?? drainMs);
      const until = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
      const ends = { source: pools.source, target };
      return dropOnAbort(session, until, () =>
        carryUntil(ends, mover, hasReached(position), { signal: until }),
      );
    },
    promote: (epoch) => promoteSite(session, pools.source.end.site, epoch, { begun: true }),
    async release() {
      if (session.closed) return;
      await session.run(sql`ROLLBACK`).catch(() => {});
      session.close();
    },
  };
}

async function lockTables(session: Session, scope: Scope): Promise<void> {
  const { tables } = await readCatalogue(session, true);
  const names = tables
    .filter((table) => !isExcluded(table, scope))
    .map((table) => name(table.schema, table.name));
  try {
    await session.run(
      sql`BEGIN`,
      patience,
      sql`SET LOCAL idle_in_transaction_session_timeout = ${silence}`,
      // First what an applier takes first, so that none that runs elsewhere has it and waits for the tables.
      sql`SELECT FROM understudy.progress FOR UPDATE`,
      ...(names.length === 0 ? [] : [sql`LOCK TABLE ${join(names)} IN SHARE ROW EXCLUSIVE MODE`]),
      sql`SET LOCAL lock_timeout = ${lockMs}`,
    );
  } catch (error) {
    if (error instanceof BusyError) await session.run(sql`ROLLBACK`);
    throw error;
  }
}
