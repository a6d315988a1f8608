import { z } from "zod";
import { NotFoundError, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpResponse, retryAfterMs } from "../../../src/base/http.ts";

/** An account gets 75 calls a minute back (Dev Center, "Limits"): the least wait that gives one. */
const callComesBackMs = 800;

const bodySchema = z.object({ id: z.string(), message: z.string(), resource: z.string().optional() });

interface ApiFailure {
  readonly id: string;
  readonly message: string;
  readonly resource: string | undefined;
}

function failureOf(response: HttpResponse): ApiFailure {
  try {
    const { id, message, resource } = bodySchema.parse(JSON.parse(response.text));
    return { id, message, resource };
  } catch {
    return { id: `status-${response.status}`, message: "no explanation", resource: undefined };
  }
}

/**
 * What an answer that is no success means. Codes: `credentials-rejected`, `forbidden`, `payment-required`, `rate-limited`,
 * `server-error`; otherwise Heroku's own id with dashes, e.g. `not-found`, `invalid-params`.
 */
export function errorOf(call: string, response: HttpResponse, now: number): UnderstudyError {
  const { id, message, resource } = failureOf(response);
  const seen = `Heroku answered ${response.status} (${id}) to ${call}: ${message}`;
  switch (response.status) {
    case 401:
      return new UnderstudyError(seen, {
        code: "credentials-rejected",
        suggestion:
          "Make a new token with `heroku authorizations:create` and set it as this site's connection token.",
      });
    case 402:
      return new UnderstudyError(seen, {
        code: "payment-required",
        suggestion: "Settle the account's payment on Heroku's dashboard.",
      });
    case 403:
      return new UnderstudyError(seen, {
        code: "forbidden",
        suggestion: "Check that the token's account may use this app, and that it isn't suspended.",
      });
    case 404:
      return new NotFoundError(seen, {
        code: "not-found",
        ...(resource === undefined ? {} : { path: resource }),
        suggestion: "Check the name, and that the token's account may see it.",
      });
    case 429:
      return new RetryableError(seen, {
        code: "rate-limited",
        retryAfterMs: retryAfterMs(response.headers, now) ?? callComesBackMs,
        suggestion: "Wait some minutes: an account gets 75 calls a minute back.",
      });
  }
  if (response.status >= 500) {
    return new RetryableError(seen, {
      code: "server-error",
      retryAfterMs: retryAfterMs(response.headers, now),
    });
  }
  return new UnderstudyError(seen, { code: id.replaceAll("_", "-") });
}

/** Whether the call may have done its work all the same: no answer came, or one from somewhere on the way. */
export function isUncertain(error: unknown): boolean {
  return error instanceof RetryableError && error.code !== "rate-limited";
}

/** What `work` gives, or undefined when the thing isn't there. */
export async function ifFound<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
