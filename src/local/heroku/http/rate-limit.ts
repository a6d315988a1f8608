import type { MiddlewareHandler } from "hono";
import { ApiError } from "./error.ts";

/** Calls that an account may make in a row, and how many come back each minute (Dev Center, "Limits"). */
export const defaultRateLimit: RateLimit = { burst: 4500, perMinute: 75 };

export interface RateLimit {
  readonly burst: number;
  readonly perMinute: number;
}

/** One account's bucket of calls. */
export class CallBudget {
  readonly #limit: RateLimit;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor(limit: RateLimit, now: () => number = () => performance.now()) {
    this.#limit = limit;
    this.#now = now;
    this.#tokens = limit.burst;
    this.#filledAt = now();
  }

  get remaining(): number {
    const now = this.#now();
    const grown = this.#tokens + ((now - this.#filledAt) / 60_000) * this.#limit.perMinute;
    this.#tokens = Math.min(this.#limit.burst, grown);
    this.#filledAt = now;
    return Math.floor(this.#tokens);
  }

  /** False when nothing is left. */
  take(): boolean {
    if (this.remaining < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** Says in every answer what is left, and answers 429 when nothing is. */
export function limitRate(budget: CallBudget): MiddlewareHandler {
  return async (context, next) => {
    const allowed = budget.take();
    context.header("RateLimit-Remaining", String(budget.remaining));
    if (!allowed) {
      throw new ApiError(
        429,
        "rate_limit",
        "Your account reached the API rate limit. Wait before the next call.",
      );
    }
    await next();
  };
}
