import type { Deadline } from "../../../src/base/deadline.ts";
import type { RetryableError } from "../../../src/base/errors.ts";
import { type HttpRequest, type HttpResponse, type HttpSend, httpSend } from "../../../src/base/http.ts";
import { retry } from "../../../src/base/retry.ts";
import { failureOf } from "./failure.ts";

/** Longest time for one attempt. */
const attemptMs = 30_000;
const attempts = 8;

/** Sends requests; those that may be repeated are, until the deadline. */
export class Transport {
  readonly #send: HttpSend;

  constructor(send: HttpSend = httpSend) {
    this.#send = send;
  }

  /** One attempt. A 429 or 5xx is a RetryableError, any other answer a result. */
  async once(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    deadline.signal?.throwIfAborted();
    const timeoutMs = Math.max(1, Math.min(attemptMs, deadline.remainingMs()));
    const response = await this.#send({ ...request, timeoutMs, signal: deadline.signal });
    if (response.status === 429 || response.status >= 500) {
      throw failureOf(request, response, deadline.clock.now());
    }
    return response;
  }

  /** For requests that do no harm when they arrive twice. Throws the last failure when the deadline would pass. */
  send(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    return this.repeat(() => this.once(request, deadline), deadline);
  }

  repeat<T>(work: (attempt: number) => Promise<T>, deadline: Deadline): Promise<T> {
    let last: RetryableError | undefined;
    return retry(work, {
      attempts,
      maxMs: 5_000,
      clock: deadline.clock,
      ...(deadline.signal === undefined ? {} : { signal: deadline.signal }),
      onRetry: (error, _attempt, waitMs) => {
        // A try that had only the end of the time says nothing but that.
        if (error.code !== "http-timeout") last = error;
        if (waitMs >= deadline.remainingMs()) throw last ?? error;
      },
    });
  }
}
