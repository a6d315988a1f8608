import { covers, parseSnapshot } from "../position.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import type { SiteState } from "../state.ts";

/** Log rows in one deletion: short transactions, so that the app's are not held up. */
const pruneRows = 20_000;

/** Deletes what the target has confirmed, and notes that the log begins there: a target put back to an older state must notice. */
export async function pruneLog(source: Session, confirmed: string): Promise<void> {
  const { xmin } = parseSnapshot(confirmed);
  await source.run(
    sql`WITH gone AS (
        DELETE FROM understudy.changes WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM understudy.changes WHERE txid < ${String(xmin)}::xid8 LIMIT ${pruneRows})) RETURNING 1)
      UPDATE understudy.state SET log_from = ${confirmed} WHERE EXISTS (SELECT FROM gone)`,
  );
}

/**
 * Empties a log that nobody has read for too long: a standby that is gone must not fill the disk of the active site. The
 * standby then has to be reseeded. Gives whether it did.
 */
export async function boundLog(source: Session, limit: number): Promise<boolean> {
  const rows = await source.cell(
    sql`SELECT n_live_tup FROM pg_stat_user_tables WHERE relid = to_regclass('understudy.changes')`,
  );
  if (rows === null || Number(rows) <= limit) return false;
  // The lock waits for all that have written to the log and are not over: they are in the snapshot, or not in the log.
  await source.run(
    sql`BEGIN`,
    sql`LOCK TABLE understudy.changes IN ACCESS EXCLUSIVE MODE`,
    sql`UPDATE understudy.state SET log_from = pg_current_snapshot()`,
    sql`TRUNCATE understudy.changes`,
    sql`COMMIT`,
  );
  return true;
}

/** Whether the log of a site has all that was changed since a snapshot. */
export function reachesBack(state: SiteState, since: string): boolean {
  return state.log_from === null || covers(since, state.log_from);
}
