import { z } from "zod";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpResponse, type HttpSend, httpSend, parseJsonBody } from "../../../src/base/http.ts";
import { retry } from "../../../src/base/retry.ts";
import type { HerokuConnection } from "../settings.ts";
import { type Deadline, within } from "./deadline.ts";
import { errorOf, isUncertain } from "./errors.ts";

const accept = "application/vnd.heroku+json; version=3";
/** With fewer calls left than this, each waits until the account has got one back. */
const scarceCalls = 60;
const callComesBackMs = 800;
/** Of one try; the deadline holds for all of them. */
const tryTimeoutMs = 20_000;

export interface ClientOptions {
  readonly send?: HttpSend;
  readonly clock?: Clock;
  /** 0..1. @default Math.random */
  readonly random?: () => number;
}

interface Call {
  readonly method: string;
  /** From the API's root, or a whole URL that Heroku gave. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Heroku's Platform API v3 (https://devcenter.heroku.com/articles/platform-api-reference). Calls that may be repeated are
 * tried again after 429, 5xx and lost connections; creations look first whether they happened.
 */
export class HerokuClient {
  readonly connection: HerokuConnection;
  readonly #send: HttpSend;
  readonly #clock: Clock;
  readonly #random: () => number;
  #remaining = Number.POSITIVE_INFINITY;

  constructor(connection: HerokuConnection, options: ClientOptions = {}) {
    this.connection = connection;
    this.#send = options.send ?? httpSend;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
  }

  async get<T>(path: string, schema: z.ZodType<T>, deadline: Deadline = {}): Promise<T> {
    return await this.#repeatable({ method: "GET", path }, schema, deadline);
  }

  /** Every item of a list, over all its pages. `range` as in the API, e.g. `version ..; order=desc,max=1`: then one page. */
  async list<T>(
    path: string,
    item: z.ZodType<T>,
    deadline: Deadline = {},
    range?: string,
  ): Promise<readonly T[]> {
    const items: T[] = [];
    for (let next = range; ; ) {
      const call: Call = { method: "GET", path, ...(next === undefined ? {} : { headers: { Range: next } }) };
      const response = await this.#answer(call, deadline);
      items.push(...this.#parse(call, response, z.array(item)));
      next = response.headers.get("next-range") ?? undefined;
      if (next === undefined || range !== undefined) return items;
    }
  }

  async patch<T>(path: string, body: unknown, schema: z.ZodType<T>, deadline: Deadline = {}): Promise<T> {
    return await this.#repeatable({ method: "PATCH", path, body }, schema, deadline);
  }

  async put<T>(path: string, body: unknown, schema: z.ZodType<T>, deadline: Deadline = {}): Promise<T> {
    return await this.#repeatable({ method: "PUT", path, body }, schema, deadline);
  }

  /** What is gone already is deleted. */
  async delete(path: string, deadline: Deadline = {}): Promise<void> {
    try {
      await this.#answer({ method: "DELETE", path }, deadline);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  /** A POST that does no harm when it happens twice. */
  async ask<T>(path: string, body: unknown, schema: z.ZodType<T>, deadline: Deadline = {}): Promise<T> {
    return await this.#repeatable({ method: "POST", path, body }, schema, deadline);
  }

  /**
   * A POST that must not happen twice: before it is repeated, `find` looks whether the lost try did its work. Where that
   * can't be told, `find` throws.
   */
  async create<T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    find: () => Promise<T | undefined>,
    deadline: Deadline = {},
  ): Promise<T> {
    const call: Call = { method: "POST", path, body };
    let mayHaveHappened = false;
    return await this.#tryOften(call, deadline, async (signal) => {
      const made = mayHaveHappened ? await find() : undefined;
      if (made !== undefined) return made;
      try {
        return this.#parse(call, await this.#once(call, signal), schema);
      } catch (error) {
        mayHaveHappened ||= isUncertain(error);
        throw error;
      }
    });
  }

  /** Sends a file to an address that Heroku gave for it; the address is the permission. */
  async upload(url: string, content: Uint8Array, deadline: Deadline = {}): Promise<void> {
    const call = "PUT of the source";
    await this.#tryOften({ method: "PUT", path: url }, deadline, async (signal) => {
      const request = {
        method: "PUT",
        url,
        body: content,
        timeoutMs: deadline.timeoutMs ?? tryTimeoutMs,
        signal,
      };
      const response = await this.#send(request);
      if (response.status >= 300) throw errorOf(call, response, this.#clock.now());
    });
  }

  /** Text of an output stream, once it has ended. */
  async text(url: string, deadline: Deadline = {}): Promise<string> {
    return await this.#tryOften({ method: "GET", path: url }, deadline, async (signal) => {
      const response = await this.#send({ method: "GET", url, signal, timeoutMs: tryTimeoutMs });
      if (response.status >= 300) throw errorOf("GET of an output stream", response, this.#clock.now());
      return response.text;
    });
  }

  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(milliseconds, signal);
  }

  async #repeatable<T>(call: Call, schema: z.ZodType<T>, deadline: Deadline): Promise<T> {
    return this.#parse(call, await this.#answer(call, deadline), schema);
  }

  async #answer(call: Call, deadline: Deadline): Promise<HttpResponse> {
    return await this.#tryOften(call, deadline, (signal) => this.#once(call, signal));
  }

  async #tryOften<T>(call: Call, deadline: Deadline, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return await within(`${call.method} ${this.#place(call)}`, deadline, (signal, note) =>
      retry(() => work(signal), { signal, clock: this.#clock, random: this.#random, onRetry: note }),
    );
  }

  async #once(call: Call, signal: AbortSignal): Promise<HttpResponse> {
    if (this.#remaining < scarceCalls) await this.sleep(callComesBackMs, signal);
    const response = await this.#send({
      method: call.method,
      url: `${this.connection.url}${call.path}`,
      headers: {
        Accept: accept,
        Authorization: `Bearer ${this.connection.token}`,
        ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...call.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: tryTimeoutMs,
      signal,
    });
    const remaining = response.headers.get("ratelimit-remaining");
    if (remaining !== null) this.#remaining = Number(remaining);
    if (response.status >= 300) throw errorOf(`${call.method} ${call.path}`, response, this.#clock.now());
    return response;
  }

  #parse<T>(call: Call, response: HttpResponse, schema: z.ZodType<T>): T {
    const request = { method: call.method, url: `${this.connection.url}${call.path}` };
    const result = schema.safeParse(parseJsonBody(request, response));
    if (result.success) return result.data;
    throw new UnderstudyError(
      `Heroku's answer to ${call.method} ${call.path} is not what its reference says: ${z.prettifyError(result.error)}`,
      { code: "bad-response", suggestion: "Check that the connection's url is Heroku's API." },
    );
  }

  #place({ path }: Call): string {
    return path.startsWith("/") ? path : new URL(path).origin;
  }
}
