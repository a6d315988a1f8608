import { systemClock } from "../../../base/clock.ts";
import { UnderstudyError } from "../../../base/errors.ts";
import type { FencePosition } from "../../contract.ts";
import { type Pools, withBoth } from "../pool.ts";
import { covers } from "../position.ts";
import { type WaitOptions, whileBusy } from "../while-busy.ts";
import { createMover, type Moved, type Mover } from "./move.ts";
import type { PrepareOptions } from "./prepare.ts";

/** A step that carried what there was. */
type Carried = Extract<Moved, { readonly kind: "moved" }>;

/** Carries changes itself until `enough`; a link that runs elsewhere may do so as well. */
export async function carryUntil(
  pools: Pools,
  mover: Mover,
  enough: (carried: Carried) => boolean,
  options: WaitOptions,
): Promise<void> {
  const clock = options.clock ?? systemClock;
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
    if (enough(moved)) return;
    await clock.sleep(5, options.signal);
  }
}

/** Whether the target has all that the position saw. */
export function hasReached(position: FencePosition): (carried: Carried) => boolean {
  return ({ progress }) => progress.complete && covers(progress.snapshot ?? "0:0:", position);
}

/** Until the target has all that the position saw. */
export function drainTo(pools: Pools, position: FencePosition, options: PrepareOptions): Promise<void> {
  return carryUntil(pools, createMover(options), hasReached(position), options);
}

/** Until every table has been copied and all that happened meanwhile is there too. */
export function catchUp(pools: Pools, options: PrepareOptions): Promise<void> {
  return carryUntil(pools, createMover(options), ({ progress }) => progress.complete, options);
}
