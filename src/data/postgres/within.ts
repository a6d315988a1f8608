import { RetryableError } from "../../base/errors.ts";
import { retry } from "../../base/retry.ts";
import type { StepOptions } from "../contract.ts";

/**
 * Runs a step within its time, trying again what may be tried again. Throws {@link RetryableError} `link-timeout`, with
 * what went wrong last, when the time is over.
 */
export async function within<T>(options: StepOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  let last: unknown;
  const attempt = async () => {
    try {
      return await work(signal);
    } catch (error) {
      if (!signal.aborted) last = error;
      throw error;
    }
  };
  try {
    return await retry(attempt, { attempts: Number.POSITIVE_INFINITY, baseMs: 50, maxMs: 2_000, signal });
  } catch (error) {
    if (!deadline.aborted || options.signal?.aborted === true) throw error;
    const why = last instanceof Error ? `: ${last.message}` : ".";
    throw new RetryableError(`The step took longer than ${timeoutMs / 1000} s${why}`, {
      code: "link-timeout",
      cause: last ?? error,
    });
  }
}
