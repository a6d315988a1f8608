import { type Clock, systemClock } from "../../src/base/clock.ts";

/** A clock by which only waits take time, and those end at once. */
export function clockOfWaits(): Clock {
  let now = 0;
  return {
    ...systemClock,
    monotonic: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  };
}
