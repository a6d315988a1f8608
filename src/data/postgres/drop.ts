import { messageOf, RetryableError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { readCatalogue } from "./catalogue.ts";
import { setReadOnly } from "./fence.ts";
import type { Pool } from "./pool.ts";
import { sql } from "./sql.ts";
import { readState } from "./state.ts";
import { uninstall } from "./trigger/capture.ts";
import { proveForeignKeys } from "./trigger/quiet.ts";

/** Takes all that is ours off one end and puts back what was taken off for us. An end that can't be reached is left and said. */
export async function dropEnd(pool: Pool, log: Log, signal: AbortSignal): Promise<void> {
  try {
    await pool.use(async (session) => {
      const state = await readState(session);
      if (state === undefined) return;
      const [notes] = await session.run(sql`SELECT understudy.restore()`);
      for (const [note] of notes ?? []) log.warn(`${session.site}: ${note}`);
      for (const note of await proveForeignKeys(session)) log.warn(note);
      const { tables } = await readCatalogue(session, true);
      await uninstall(session, tables, { signal });
      await setReadOnly(session, false);
    }, signal);
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    log.warn(`What the link put at ${pool.end.site} is still there: ${messageOf(error)}`);
  }
}
