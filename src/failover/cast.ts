import { RetryableError } from "../base/errors.ts";
import type { Hold, Link } from "../data/contract.ts";
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
  /** What is held at the new side now, by service. They end with the process: a resumed run goes on without. */
  readonly holds: Map<string, Hold>;
}

/**
 * While a run is under way the records live this long, in seconds: resolvers use them for the question at hand and keep
 * nothing, so that users follow the change at once. https://www.rfc-editor.org/rfc/rfc1035#section-3.2.1
 */
export const shortTtlSeconds = 0;
/** How long a request may be under way at the old side when its users are led away. */
export const underWayMs = 500;
/** How long the old side may take to answer when it is thought lost. */
const lostSideMs = 2_000;
/** How long the new side may take to become healthy, and the DNS servers to agree. */
export const patienceMs = 60_000;
const pollMs = 100;

/** Whether the new side's writers can be made to wait, so that users may come before its data is writable. */
export function canHold(links: readonly Link[]): boolean {
  return links.length > 0 && links.every((link) => link.hold !== undefined);
}

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
