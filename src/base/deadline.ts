import { type Clock, systemClock } from "./clock.ts";
import { RetryableError } from "./errors.ts";
import { endOf } from "./time-limit.ts";

export interface DeadlineOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
  /** Where a person looks when what was waited for isn't done in time, as an imperative. @default "Look at the app's log" */
  readonly lookAt?: string;
}

/** Until when work may go on, and what ends it before. */
export interface Deadline {
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /** Waits; throws the signal's reason when that ends it, or `deadline-passed` naming what was waited for. */
  pause(milliseconds: number, what: string): Promise<void>;
}

export function deadline(options: DeadlineOptions): Deadline {
  const { timeoutMs, signal, clock = systemClock, lookAt = "Look at the app's log" } = options;
  const end = clock.monotonic() + timeoutMs;
  const remainingMs = () => Math.max(0, Math.ceil(end - clock.monotonic()));
  return {
    signal,
    clock,
    remainingMs,
    async pause(milliseconds, what) {
      const leftMs = remainingMs();
      try {
        await clock.sleep(Math.min(milliseconds, leftMs), signal);
      } catch (error) {
        throw signal?.aborted === true ? endOf(signal, `waited for ${what}.`) : error;
      }
      // A timer may come early: what was to use up the time has used it up.
      if (milliseconds < leftMs && remainingMs() > 0) return;
      throw new RetryableError(`Waited ${timeoutMs / 1000} s for ${what}, and it isn't done.`, {
        code: "deadline-passed",
        suggestion: `${lookAt}, and try again: what was begun goes on.`,
      });
    },
  };
}

/** A deadline within another: the earlier of the two counts. */
export function within(outer: Deadline, timeoutMs: number): Deadline {
  return deadline({
    timeoutMs: Math.min(timeoutMs, outer.remainingMs()),
    signal: outer.signal,
    clock: outer.clock,
  });
}
