import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import { RetryableError } from "../../../src/base/errors.ts";
import { BusyError } from "../../../src/data/postgres/session.ts";
import { whileBusy } from "../../../src/data/postgres/while-busy.ts";

const busy = new BusyError("a lock was not free", { code: "database-busy" });

/** A clock whose sleeps take no time and are written down. */
function sleeper(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => 0,
    monotonic: () => 0,
    sleep: async (ms: number) => void slept.push(ms),
  } as never;
}

/** Work that finds the database busy so many times. */
function busyFor(times: number): () => Promise<string> {
  let left = times;
  return async () => {
    if (left-- > 0) throw busy;
    return "done";
  };
}

describe("work on a busy database", () => {
  it("is tried again after pauses that stay short", async () => {
    const clock = sleeper();
    expect(await whileBusy(busyFor(59), { clock })).toBe("done");
    expect(clock.slept).toHaveLength(59);
    expect(Math.max(...clock.slept)).toBe(2_000);
  });

  it("is given up in the end, with the last error or what is made of it", async () => {
    await expect(whileBusy(busyFor(60), { clock: sleeper() })).rejects.toBe(busy);
    const told = new RetryableError("never free", { code: "table-busy" });
    await expect(whileBusy(busyFor(60), { clock: sleeper() }, () => told)).rejects.toBe(told);
  });

  it("is not tried again after any other failure", async () => {
    const clock = sleeper();
    const gone = new RetryableError("gone", { code: "database-unreachable" });
    await expect(whileBusy(() => Promise.reject(gone), { clock })).rejects.toBe(gone);
    expect(clock.slept).toEqual([]);
  });

  it("ends when it is told to", async () => {
    const signal = AbortSignal.abort();
    await expect(whileBusy(busyFor(1), { signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});
