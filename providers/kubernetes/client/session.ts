import { type RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { retry } from "../../../src/base/retry.ts";
import type { Deadline } from "./deadline.ts";
import type { Access } from "./entry.ts";
import { LostAnswerError } from "./errors.ts";
import { failureOf, type Request } from "./failure.ts";
import { bodyOf, exchange, type WireRequest, type WireResponse } from "./transport.ts";

/** A request, with what its failure should say. */
export interface Call {
  readonly method: string;
  /** Below the server's address. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly accept?: string;
  readonly contentType?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly told: Omit<Request, "server" | "advice">;
  /** May be sent again though the first may have arrived. @default true */
  readonly repeatable?: boolean;
  /** Told of what the server warns about. */
  readonly onWarning?: (text: string) => void;
}

/** Tries in all for one call, as long as its time allows. */
const attempts = 5;

/** Requests to one API server: waits and repeats what may be repeated; anything but a success is an error by type. */
export class Session {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** The API server's address. */
  get server(): string {
    return this.#access.server;
  }

  /** The answer's JSON. */
  json(call: Call, until: Deadline): Promise<unknown> {
    return this.repeat(until, async () => {
      try {
        return await this.jsonOnce(call, until);
      } catch (error) {
        if (!(error instanceof LostAnswerError) || call.repeatable !== false) throw error;
        throw new UnderstudyError(error.message, {
          code: "answer-lost",
          cause: error,
          suggestion: "Look whether it was done before you try again.",
        });
      }
    });
  }

  /** Sent once. */
  async jsonOnce(call: Call, until: Deadline): Promise<unknown> {
    const text = await this.#textOnce(call, until);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new UnderstudyError(
        `${call.method} ${this.server}${call.path} answered with something that is not JSON.`,
        {
          code: "bad-response",
          cause: error,
          suggestion: "Check that the address is that of a Kubernetes API server.",
        },
      );
    }
  }

  /** The answer as it is. */
  text(call: Call, until: Deadline): Promise<string> {
    return this.repeat(until, () => this.#textOnce(call, until));
  }

  /** An answer whose body comes bit by bit; lives until the signal ends it. */
  async open(call: Call, signal: AbortSignal): Promise<WireResponse> {
    return (await this.#exchange(call, signal)).response;
  }

  /** Does `work` again after errors that are worth it, while there is time. */
  async repeat<T>(until: Deadline, work: () => Promise<T>): Promise<T> {
    let last: RetryableError | undefined;
    try {
      return await retry(work, {
        attempts,
        signal: until.signal,
        clock: until.clock,
        maxMs: 5_000,
        onRetry: (error, _attempt, waitMs) => {
          last = error;
          // A wait that the call's time doesn't allow is none.
          if (waitMs >= until.remainingMs()) throw error;
        },
      });
    } catch (error) {
      if (!until.signal.aborted || (last === undefined && error instanceof UnderstudyError)) throw error;
      throw until.reason(`The API server ${this.server}`, last);
    }
  }

  async #textOnce(call: Call, until: Deadline): Promise<string> {
    try {
      const { response, request } = await this.#exchange(call, until.signal);
      if (call.onWarning !== undefined) warningsOf(response.headers).forEach(call.onWarning);
      return await bodyOf(request, response);
    } catch (error) {
      throw until.signal.aborted ? until.reason(`${call.method} ${this.server}${call.path}`) : error;
    }
  }

  async #exchange(call: Call, signal: AbortSignal, renewed = false): Promise<Exchange> {
    const { server, advice } = this.#access;
    const entry = await this.#access.enter();
    signal.throwIfAborted();
    const request = {
      method: call.method,
      url: `${server}${call.path}${searchOf(call.query)}`,
      headers: {
        ...(call.accept === undefined ? {} : { accept: call.accept }),
        ...(call.contentType === undefined ? {} : { "content-type": call.contentType }),
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal,
    };
    const response = await exchange(request, entry);
    if (response.status >= 200 && response.status < 300) return { request, response };
    const text = await bodyOf(request, response);
    if (response.status === 401 && !renewed && this.#access.renew()) {
      return await this.#exchange(call, signal, true);
    }
    throw failureOf({ ...call.told, server, advice }, { ...response, text }, Date.now());
  }
}

interface Exchange {
  readonly request: WireRequest;
  readonly response: WireResponse;
}

function searchOf(query: Call["query"] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size === 0 ? "" : `?${search}`;
}

/** Texts of `Warning: 299 - "..."` (RFC 7234, 5.5). */
function warningsOf(headers: Headers): readonly string[] {
  const header = headers.get("warning") ?? "";
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replaceAll(/\\(.)/g, "$1"),
  );
}
