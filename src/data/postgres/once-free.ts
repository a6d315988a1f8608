import { RetryableError } from "../../base/errors.ts";
import { BusyError, type Session } from "./session.ts";
import { sql } from "./sql.ts";
import { type WaitOptions, whileBusy } from "./while-busy.ts";

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
  const attempt = async () => {
    try {
      await session.run(sql`BEGIN`);
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
