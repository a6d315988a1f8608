import { messageOf, RetryableError, UnderstudyError } from "./errors.ts";
import { endOf } from "./time-limit.ts";

/** A request as the clients of the platforms send it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | FormData;
  /** Until the whole body has come. @default 30_000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends one request. Any answer is a result, whatever its status; only a missing answer is an error, and a retryable one. */
export type HttpSend = (request: HttpRequest) => Promise<HttpResponse>;

/** The query is left out of messages: it may carry a token. */
function place(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

export const httpSend: HttpSend = async (request) => {
  const timeoutMs = request.timeoutMs ?? 30_000;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers },
      body: request.body ?? null,
      redirect: "manual",
      signal,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    if (request.signal?.aborted === true) {
      throw endOf(request.signal, `${request.method} ${place(request.url)} gave no answer.`);
    }
    if (deadline.aborted) {
      throw new RetryableError(
        `${request.method} ${place(request.url)} gave no answer within ${timeoutMs / 1000} s.`,
        {
          code: "http-timeout",
          cause: error,
        },
      );
    }
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new RetryableError(`${request.method} ${place(request.url)} failed: ${messageOf(cause)}`, {
      code: "http-unreachable",
      cause: error,
      suggestion: "Check that the address is right and that the provider answers.",
    });
  }
};

/** Milliseconds asked for by a `Retry-After` header (seconds or a date), or undefined. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The parsed body, or `bad-response` naming the place and what came instead. */
export function parseJsonBody(request: HttpRequest, response: HttpResponse): unknown {
  try {
    return JSON.parse(response.text);
  } catch (error) {
    throw new UnderstudyError(
      `${request.method} ${place(request.url)} answered ${response.status} with something that is not JSON.`,
      { code: "bad-response", cause: error },
    );
  }
}
