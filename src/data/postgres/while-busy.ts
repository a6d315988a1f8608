import { type Clock, systemClock } from "../../base/clock.ts";
import { BusyError } from "./session.ts";

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock | undefined;
}

/** With the waits for locks and the pauses between, some two minutes. */
const attempts = 60;

/**
 * Calls `work` again while it finds its database busy, after pauses that stay short: a lock that an app takes again and
 * again is free between two of its transactions, not after a long rest. Then throws what `giveUp` makes of the last error.
 */
export async function whileBusy<T>(
  work: () => Promise<T>,
  options: WaitOptions,
  giveUp: (error: BusyError) => Error = (error) => error,
): Promise<T> {
  const clock = options.clock ?? systemClock;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      if (attempt === attempts) throw giveUp(error);
      await clock.sleep(Math.min(2_000, 100 * attempt), options.signal);
    }
  }
}
