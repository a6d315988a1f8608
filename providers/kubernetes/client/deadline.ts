import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { type Deadline as BaseDeadline, deadline as baseDeadline } from "../../../src/base/deadline.ts";
import { RetryableError } from "../../../src/base/errors.ts";
import { endOf } from "../../../src/base/time-limit.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";

/** A deadline with a signal of its own, for calls that know no other end. */
export interface Deadline extends BaseDeadline {
  /** Ends with the caller's own signal, or when the time is up. */
  readonly signal: AbortSignal;
  /** For calls within the work: the caller's signal and the time that is left. */
  options(): CallOptions;
  /**
   * What to throw in place of an error that the signal's end has caused: the caller's reason, or, when the time is up,
   * what failed last, else `http-timeout`.
   */
  reason(what: string, last?: RetryableError): unknown;
}

const defaultTimeoutMs = 30_000;

export function deadline(options: CallOptions = {}, clock: Clock = systemClock): Deadline {
  const { signal: outer, timeoutMs = defaultTimeoutMs } = options;
  const lookAt = "Look at the objects with `kubectl describe`";
  const base = baseDeadline({ timeoutMs, signal: outer, clock, lookAt });
  // A share of a time need not be whole, and the timer takes nothing else.
  const timer = AbortSignal.timeout(Math.ceil(timeoutMs));
  return {
    ...base,
    signal: outer === undefined ? timer : AbortSignal.any([outer, timer]),
    options: () => ({
      timeoutMs: base.remainingMs(),
      ...(outer === undefined ? {} : { signal: outer }),
    }),
    reason(what, last) {
      if (outer?.aborted === true) return endOf(outer, last?.message ?? `${what} gave no answer.`);
      const message = `${what} gave no answer within ${timeoutMs / 1000} s.`;
      return last ?? new RetryableError(message, { code: "http-timeout" });
    },
  };
}
