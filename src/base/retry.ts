import { type Clock, systemClock } from "./clock.ts";
import { RetryableError } from "./errors.ts";
import { endOf } from "./time-limit.ts";

/** How often and how long to try again. Delays grow by doubling, with full jitter, and yield to Retry-After. */
export interface RetryOptions {
  /** Tries in all. @default 5 */
  readonly attempts?: number;
  /** First delay, milliseconds. @default 250 */
  readonly baseMs?: number;
  /** Longest delay, milliseconds. @default 15_000 */
  readonly maxMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** 0..1. @default Math.random */
  readonly random?: () => number;
  /** Told before each wait. */
  readonly onRetry?: (error: RetryableError, attempt: number, waitMs: number) => void;
}

/**
 * Calls `work` until it gives a result or an error that isn't {@link RetryableError}. An abort gives the signal's reason;
 * a time limit, with the last failure.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const { attempts = 5, baseMs = 250, maxMs = 15_000, clock = systemClock, random = Math.random } = options;
  const { signal } = options;
  let failure: RetryableError | undefined;
  let waitMs = 0;
  for (let attempt = 1; ; attempt++) {
    try {
      if (failure !== undefined) await clock.sleep(waitMs, signal);
      signal?.throwIfAborted();
      return await work(attempt);
    } catch (error) {
      if (signal?.aborted === true && failure !== undefined) throw endOf(signal, failure.message);
      if (!(error instanceof RetryableError) || attempt >= attempts) throw error;
      failure = error;
      const backoff = random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
      waitMs = Math.max(error.retryAfterMs ?? 0, backoff);
      options.onRetry?.(error, attempt, waitMs);
    }
  }
}
