import { RetryableError } from "../../base/errors.ts";
import { BusyError, type Session } from "./session.ts";
import { sql } from "./sql.ts";
import { type WaitOptions, whileBusy } from "./while-busy.ts";

/**
 * For the first lock of a transaction, which can't be part of a deadlock: longer than deadlock_timeout (a second), since only
 * then Postgres sees that it is an autovacuum that is waited for, and ends it.
 */
export const patience = sql`SET LOCAL lock_timeout = '1500ms'`;

/**
 * Does work that needs a table for itself, in a transaction. It waits for the table's running users, and whoever comes next
 * waits behind it: so it waits for a moment only, and tries again after a pause.
 * Throws {@link RetryableError} `table-busy` after some two minutes.
 */
export async function onceFree(
  session: Session,
  table: string,
  work: () => Promise<unknown>,
  options: WaitOptions,
): Promise<void> {
  const attempt = async () => {
    try {
      await session.run(sql`BEGIN`, patience);
      await work();
      await session.run(sql`COMMIT`);
    } catch (error) {
      if (error instanceof BusyError) await session.run(sql`ROLLBACK`);
      throw error;
    }
  };
  await whileBusy(
    attempt,
    options,
    (cause) =>
      new RetryableError(`${table} of ${session.site} is never free for long enough.`, {
        code: "table-busy",
        cause,
        suggestion: "Look for transactions that use it and stay open for minutes, and end them.",
      }),
  );
}
