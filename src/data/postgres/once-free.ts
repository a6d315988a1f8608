import { type Clock, systemClock } from "../../base/clock.ts";
import { RetryableError } from "../../base/errors.ts";
import { BusyError, type Session } from "./session.ts";
import { sql } from "./sql.ts";

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

const attempts = 60;

/**
 * Does work that needs a table for itself, in a transaction. It waits for the table's running users, and whoever comes next
 * waits behind it: so it waits for as long as every statement of a link does, and tries again after a pause.
 * Throws {@link RetryableError} `table-busy` after some two minutes.
 */
export async function onceFree(
  session: Session,
  table: string,
  work: () => Promise<unknown>,
  options: WaitOptions,
): Promise<void> {
  const clock = options.clock ?? systemClock;
  for (let attempt = 1; ; attempt++) {
    try {
      await session.run(sql`BEGIN`);
      await work();
      await session.run(sql`COMMIT`);
      return;
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      await session.run(sql`ROLLBACK`);
      if (attempt === attempts) {
        throw new RetryableError(`${table} of ${session.site} is never free for long enough.`, {
          code: "table-busy",
          cause: error,
          suggestion: "Look for transactions that use it and stay open for minutes, and end them.",
        });
      }
      await clock.sleep(Math.min(2_000, 100 * attempt), options.signal);
    }
  }
}
