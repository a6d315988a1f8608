import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { RetryableError } from "../../../src/base/errors.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";

/** Until when work may go on, and what ends it before. */
export interface Deadline {
  /** Ends with the caller's own signal, or when the time is up. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Milliseconds left, never below 0. */
  remainingMs(): number;
  /** For calls within the work: the caller's signal and the time that is left. */
  options(): CallOptions;
  /** Waits; throws what ended it, or `deadline-passed` naming what was waited for. */
  pause(milliseconds: number, what: string): Promise<void>;
  /** What to throw in place of an error that the signal's end has caused: the caller's reason, or `http-timeout`. */
  reason(what: string): unknown;
}

const defaultTimeoutMs = 30_000;

export function deadline(options: CallOptions = {}, clock: Clock = systemClock): Deadline {
  const { signal: outer, timeoutMs = defaultTimeoutMs } = options;
  const end = clock.monotonic() + timeoutMs;
  const remainingMs = () => Math.max(0, Math.ceil(end - clock.monotonic()));
  // A share of a time need not be whole, and the timer takes nothing else.
  const timer = AbortSignal.timeout(Math.ceil(timeoutMs));
  const signal = outer === undefined ? timer : AbortSignal.any([outer, timer]);
  const inner = (): CallOptions => ({
    timeoutMs: remainingMs(),
    ...(outer === undefined ? {} : { signal: outer }),
  });
  const reason = (what: string): unknown =>
    outer?.aborted === true
      ? outer.reason
      : new RetryableError(`${what} gave no answer within ${timeoutMs / 1000} s.`, { code: "http-timeout" });
  return {
    signal,
    clock,
    remainingMs,
    options: inner,
    reason,
    async pause(milliseconds, what) {
      outer?.throwIfAborted();
      try {
        await clock.sleep(Math.min(milliseconds, remainingMs()), outer);
      } catch (error) {
        throw outer?.aborted === true ? outer.reason : error;
      }
      if (remainingMs() > 0) return;
      throw new RetryableError(`Waited ${timeoutMs / 1000} s for ${what}, and it isn't done.`, {
        code: "deadline-passed",
        suggestion: "Look at the objects with `kubectl describe`, and try again: what was begun goes on.",
      });
    },
  };
}
