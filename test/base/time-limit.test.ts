import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { deadline } from "../../src/base/deadline.ts";
import { RetryableError, UnderstudyError } from "../../src/base/errors.ts";
import { retry } from "../../src/base/retry.ts";
import { timeLimit } from "../../src/base/time-limit.ts";

const refused = () => new RetryableError("Nobody is there.", { code: "http-unreachable" });
const late = { code: "time-limit", message: "Not done within 0.05 s: Nobody is there.", suggestion: "Wait." };

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

describe("a time limit", () => {
  it("that ends the wait between two tries says what failed last", async () => {
    const signal = timeLimit(0.05, "Wait.");
    const work = async (): Promise<never> => {
      throw refused();
    };
    await expect(retry(work, { signal, baseMs: 60_000, random: () => 1 })).rejects.toMatchObject(late);
  });

  it("that ends a try says what failed before, also when the try says something else", async () => {
    const signal = timeLimit(0.05, "Wait.");
    const work = async (attempt: number): Promise<never> => {
      if (attempt > 1) await ended(signal);
      throw attempt > 1 ? signal.reason : refused();
    };
    await expect(retry(work, { signal, baseMs: 0 })).rejects.toMatchObject(late);
  });

  it("says what was waited for", async () => {
    const { pause } = deadline({ timeoutMs: 60_000, signal: timeLimit(0.05, "Wait.") });
    await expect(pause(30_000, "the build")).rejects.toThrow("Not done within 0.05 s: waited for the build.");
  });
});

describe("a cancelled run", () => {
  it("ends a wait with its own reason", async () => {
    const reason = new UnderstudyError("The run was cancelled.", { code: "cancelled" });
    const cancel = new AbortController();
    const waiting = systemClock.sleep(60_000, cancel.signal);
    cancel.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    const work = async (): Promise<never> => {
      throw refused();
    };
    await expect(retry(work, { signal: cancel.signal })).rejects.toBe(reason);
  });
});

describe("a deadline", () => {
  it("has passed after a pause that was to use it up, also where the timer came early", async () => {
    let now = 0;
    const clock: Clock = {
      ...systemClock,
      monotonic: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds - 3;
      },
    };
    const { pause, remainingMs } = deadline({ timeoutMs: 1_000, clock });
    await pause(600, "the build");
    expect(remainingMs()).toBe(403);
    await expect(pause(600, "the build")).rejects.toMatchObject({
      code: "deadline-passed",
      message: "Waited 1 s for the build, and it isn't done.",
    });
  });
});
