import { type Clock, systemClock } from "../../../base/clock.ts";
import { UnderstudyError } from "../../../base/errors.ts";
import type { FencePosition } from "../../contract.ts";
import { type Pool, withBoth } from "../pool.ts";
import { covers } from "../position.ts";
import type { Progress } from "../progress.ts";
import { whileBusy } from "../while-busy.ts";
import { createMover } from "./move.ts";
import type { PrepareOptions } from "./prepare.ts";

interface Pools {
  readonly source: Pool;
  readonly target: Pool;
}

/** Carries changes itself until `enough`; a link that runs elsewhere may do so as well. */
async function carryUntil(
  pools: Pools,
  enough: (progress: Progress) => boolean,
  options: PrepareOptions & { readonly clock?: Clock },
): Promise<void> {
  const clock = options.clock ?? systemClock;
  const mover = createMover(options);
  const step = () => withBoth(pools, (ends) => mover.step(ends, { urgent: true }), options.signal);
  for (;;) {
    const moved = await whileBusy(step, options);
    if (moved.kind !== "moved") {
      const why = moved.kind === "drifted" ? `the schemas differ: ${moved.notes.join("; ")}` : moved.reason;
      const { source, target } = pools;
      throw new UnderstudyError(`${target.end.site} can't be brought up to ${source.end.site}: ${why}.`, {
        code: "link-not-following",
        suggestion: 'Look at "understudy link status".',
      });
    }
    if (enough(moved.progress)) return;
    await clock.sleep(5, options.signal);
  }
}

/** Until the target has all that the position saw. */
export function drainTo(pools: Pools, position: FencePosition, options: PrepareOptions): Promise<void> {
  const isThere = (progress: Progress) => progress.complete && covers(progress.snapshot ?? "0:0:", position);
  return carryUntil(pools, isThere, options);
}

/** Until every table has been copied and all that happened meanwhile is there too. */
export function catchUp(pools: Pools, options: PrepareOptions): Promise<void> {
  return carryUntil(pools, (progress) => progress.complete, options);
}
