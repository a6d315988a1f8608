import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpResponse, type HttpSend, parseJsonBody } from "../../../src/base/http.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Connection } from "../settings.ts";
import { credentialsRejected, failureOf } from "./failure.ts";
import { TokenSource } from "./token.ts";
import { Transport } from "./transport.ts";

export type Query = Readonly<Record<string, string | number>>;
export type Body = { readonly json: JsonObject } | { readonly yaml: string } | { readonly form: FormData };

/** One request to the API, without its address and login. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: Query;
  readonly body?: Body;
}

const rootSchema = z.object({
  links: z.object({
    uaa: z.object({ href: z.string() }),
    log_cache: z.object({ href: z.string() }).nullish(),
  }),
});
type Links = z.output<typeof rootSchema>["links"];

/** A login to one foundation: sends requests with a token that is valid, and finds the servers besides the API's. */
export class Session {
  /** The API's address. */
  readonly base: string;
  readonly #transport: Transport;
  readonly #tokens: TokenSource;
  #links: Promise<Links> | undefined;

  constructor(connection: Connection, send?: HttpSend) {
    this.base = connection.url.replace(/\/+$/, "");
    this.#transport = new Transport(send);
    this.#tokens = new TokenSource(connection, this.#transport);
  }

  /** For requests that may arrive twice: repeated until the deadline. Anything but a success is an error. */
  send(call: Call, deadline: Deadline, base?: string): Promise<HttpResponse> {
    return this.repeat(() => this.once(call, deadline, base), deadline);
  }

  repeat<T>(work: (attempt: number) => Promise<T>, deadline: Deadline): Promise<T> {
    return this.#transport.repeat(work, deadline);
  }

  /** One attempt. A token that was taken back is renewed once. */
  async once(call: Call, deadline: Deadline, base = this.base): Promise<HttpResponse> {
    const { uaa } = await this.#readLinks(deadline);
    for (const isLast of [false, true]) {
      const token = await this.#tokens.token(uaa.href.replace(/\/+$/, ""), deadline);
      const response = await this.#attempt(call, token, deadline, base);
      if (response.status !== 401) return response;
      this.#tokens.forget(token);
      if (isLast) break;
    }
    throw credentialsRejected(`${base}${call.path}`);
  }

  /** Log-cache has an address of its own. */
  async logCacheUrl(deadline: Deadline): Promise<string> {
    const { log_cache: logCache } = await this.#readLinks(deadline);
    return logCache?.href ?? this.base.replace("://api.", "://log-cache.");
  }

  async #attempt(call: Call, token: string, deadline: Deadline, base: string): Promise<HttpResponse> {
    const url = new URL(`${base}${call.path}`);
    for (const [key, value] of Object.entries(call.query ?? {})) url.searchParams.set(key, String(value));
    const { type, content } = encoded(call.body);
    const request = {
      method: call.method,
      url: url.href,
      headers: { accept: "application/json", authorization: `bearer ${token}`, ...type },
      ...(content === undefined ? {} : { body: content }),
    };
    const response = await this.#transport.once(request, deadline);
    if (response.status >= 300 && response.status !== 401) {
      throw failureOf(request, response, deadline.clock.now());
    }
    return response;
  }

  #readLinks(deadline: Deadline): Promise<Links> {
    this.#links ??= this.#readRoot(deadline).catch((error: unknown) => {
      this.#links = undefined;
      throw error;
    });
    return this.#links;
  }

  async #readRoot(deadline: Deadline): Promise<Links> {
    const request = { method: "GET", url: `${this.base}/` };
    const response = await this.#transport.send(request, deadline);
    const isAnswer = response.status === 200;
    const parsed = isAnswer ? rootSchema.safeParse(parseJsonBody(request, response)) : undefined;
    if (parsed?.success === true) return parsed.data.links;
    throw new UnderstudyError(`${this.base} does not answer as a Cloud Foundry API does.`, {
      code: "bad-response",
      suggestion: "Check the connection's url: it is the API's address, e.g. https://api.example.com.",
    });
  }
}

function encoded(body: Body | undefined): {
  readonly type: Readonly<Record<string, string>>;
  readonly content: string | FormData | undefined;
} {
  if (body === undefined) return { type: {}, content: undefined };
  if ("form" in body) return { type: {}, content: body.form };
  if ("yaml" in body) return { type: { "content-type": "application/x-yaml" }, content: body.yaml };
  return { type: { "content-type": "application/json" }, content: JSON.stringify(body.json) };
}
