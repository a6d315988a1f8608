import { RefusedError } from "../../base/errors.ts";
import { setReadOnly, staleEpoch, stateOf } from "./fence.ts";
import { openGate } from "./gate.ts";
import { gateLock } from "./install.ts";
import type { Pools } from "./pool.ts";
import { reach } from "./reach.ts";
import type { Session } from "./session.ts";
import { sql } from "./sql.ts";
import { readState } from "./state.ts";

/** How long the target may take to say that it has been promoted. It may be down: then it can't be the active site. */
const askMs = 3_000;

/** See {@link Link.unfence}. Refuses when the target says that it is active by now: then both would write. */
export async function unfence(pools: Pools, epoch: number, signal: AbortSignal): Promise<void> {
  const { value: there } = await reach(pools.target, readState, { signal, timeoutMs: askMs });
  if (there?.role === "active" && there.epoch >= epoch) {
    throw new RefusedError(
      `${pools.target.end.site} is active since epoch ${there.epoch}: its data counts now.`,
      {
        code: "target-promoted",
        rule: "one-site-writes",
        suggestion: "Fail back instead, so that what was written there comes along.",
      },
    );
  }
  await pools.source.use((session) => unfenceSite(session, epoch), signal);
}

async function unfenceSite(session: Session, epoch: number): Promise<void> {
  // A fence that was broken off may still wait for its turn at the server: it comes first, and is undone.
  await session.run(sql`BEGIN`, sql`SELECT pg_advisory_xact_lock_shared(${gateLock})`, sql`COMMIT`);
  const state = await stateOf(session);
  if (state.epoch > epoch) throw staleEpoch(session.site, state.epoch, epoch);
  if (state.role === "standby") {
    throw new RefusedError(`${session.site} is a standby: it can be promoted, not unfenced.`, {
      code: "not-fenced",
      rule: "unfence-only-the-fenced",
      suggestion: 'Look at "understudy link status".',
    });
  }
  if (state.role === "fenced") {
    await setReadOnly(session, false);
    await session.run(
      sql`UPDATE understudy.state SET role = 'active', fenced_at = NULL WHERE role = 'fenced'`,
    );
  }
  await session.run(openGate);
}
