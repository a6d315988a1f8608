import { RetryableError } from "../../../src/base/errors.ts";

/** When to give up. */
export interface Deadline {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds, over all tries. @default 30_000 */
  readonly timeoutMs?: number | undefined;
}

/**
 * Runs `work` with a signal that ends with the caller's or at the deadline. An abort gives the caller's own reason; a
 * deadline gives what failed last (told by `note`), else `http-timeout`.
 */
export async function within<T>(
  what: string,
  { signal: outer, timeoutMs = 30_000 }: Deadline,
  work: (signal: AbortSignal, note: (failure: RetryableError) => void) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = outer === undefined ? deadline : AbortSignal.any([outer, deadline]);
  let last: RetryableError | undefined;
  try {
    return await work(signal, (failure) => {
      last = failure;
    });
  } catch (error) {
    if (outer?.aborted === true) throw error;
    if (!deadline.aborted) throw error;
    throw (
      last ?? new RetryableError(`${what} took longer than ${timeoutMs / 1000} s.`, { code: "http-timeout" })
    );
  }
}
