import { RetryableError } from "../base/errors.ts";
import type { Link } from "../data/contract.ts";
import type { Plan } from "./journal.ts";
import type { StepContext } from "./step.ts";
import type { ReachedSite, World } from "./world.ts";

/** Whom the steps of one run have to do with. */
export interface Cast {
  readonly world: World;
  readonly plan: Plan;
  readonly from: ReachedSite;
  readonly to: ReachedSite;
  readonly links: readonly Link[];
}

/** While a run is under way the records live this long, so that users follow the change at once. Seconds. */
export const shortTtlSeconds = 1;
/** How long the old side may take to answer when it is thought lost. */
const lostSideMs = 2_000;
/** How long the new side may take to become healthy, and the DNS servers to agree. */
export const patienceMs = 60_000;
const pollMs = 100;

/** How long the old side is waited for. */
export function patience(plan: Plan, signal: AbortSignal): { signal: AbortSignal; timeoutMs?: number } {
  return plan.mode === "graceful" ? { signal } : { signal, timeoutMs: lostSideMs };
}

/** Calls until it is content, or the patience ends. */
export async function until(
  { world, signal }: StepContext,
  what: () => Promise<{ readonly ok: boolean; readonly detail: string }>,
): Promise<string> {
  const deadline = world.clock.monotonic() + patienceMs;
  for (;;) {
    const { ok, detail } = await what();
    if (ok) return detail;
    if (world.clock.monotonic() >= deadline) {
      throw new RetryableError(`Still not so after ${patienceMs / 1000} s: ${detail}`, {
        code: "not-in-time",
      });
    }
    await world.clock.sleep(pollMs, signal);
  }
}
