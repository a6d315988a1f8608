import { UnderstudyError } from "../../base/errors.ts";
import type { Pool } from "./pool.ts";
import { type Session, SqlError } from "./session.ts";

export interface ReachOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long one end may take. */
  readonly timeoutMs: number;
}

/** What an end said, or why it didn't. */
export interface Reached<T> {
  readonly value: T | undefined;
  readonly reason: string | undefined;
}

/**
 * Asks an end something. That it can't be reached (down, unknown to its platform, or too slow) is an answer too: a status
 * must not fail since one end has.
 */
export async function reach<T>(
  pool: Pool,
  work: (session: Session) => Promise<T>,
  options: ReachOptions,
): Promise<Reached<T>> {
  const limit = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    // Raced, since what gives the URL may not look at the signal.
    return { value: await Promise.race([pool.use(work, signal), late]), reason: undefined };
  } catch (error) {
    options.signal?.throwIfAborted();
    const { site } = pool.end;
    if (limit.aborted)
      return { value: undefined, reason: `${site} gave no answer within ${options.timeoutMs / 1000} s` };
    if (error instanceof SqlError || !(error instanceof UnderstudyError)) throw error;
    return { value: undefined, reason: error.message };
  }
}
