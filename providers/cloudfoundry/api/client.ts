import { randomUUID } from "node:crypto";
import { z } from "zod";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpResponse, type HttpSend, parseJsonBody } from "../../../src/base/http.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Connection } from "../settings.ts";
import type { Deadline } from "./deadline.ts";
import { CloudFoundryError, credentialsRejected, failureOf, isTaken } from "./failure.ts";
import { TokenSource } from "./token.ts";
import { Transport } from "./transport.ts";
import { jobSchema, pageSchema } from "./wire.ts";

/** Label by which an object is found again when the answer to its creation was lost. */
const requestLabel = "understudy-request";

const rootSchema = z.object({
  links: z.object({
    uaa: z.object({ href: z.string() }),
    log_cache: z.object({ href: z.string() }).nullish(),
  }),
});

type Query = Readonly<Record<string, string | number>>;
type Body = { readonly json: JsonObject } | { readonly yaml: string } | { readonly form: FormData };

/**
 * Cloud Foundry's API v3 (docs of cloud_controller_ng 3.x): logs in by itself, waits and repeats within the deadline what
 * may be repeated, follows pages and jobs. Paths start with `/v3/`.
 */
export class Client {
  readonly #base: string;
  readonly #transport: Transport;
  readonly #tokens: TokenSource;
  #root: Promise<z.output<typeof rootSchema>> | undefined;

  constructor(connection: Connection, send?: HttpSend) {
    this.#base = connection.url.replace(/\/+$/, "");
    this.#transport = new Transport(send);
    this.#tokens = new TokenSource(connection, this.#transport);
  }

  async get<T>(path: string, schema: z.ZodType<T>, deadline: Deadline, query: Query = {}): Promise<T> {
    return this.#parsed(await this.#call("GET", path, deadline, { query }), schema, path);
  }

  /** The object, or undefined when it is gone or may not be seen. */
  async find<T>(path: string, schema: z.ZodType<T>, deadline: Deadline): Promise<T | undefined> {
    try {
      return await this.get(path, schema, deadline);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** All items of all pages. */
  async list<T>(
    path: string,
    item: z.ZodType<T>,
    deadline: Deadline,
    query: Query = {},
  ): Promise<readonly T[]> {
    const found: T[] = [];
    for (let page = 1; ; page++) {
      const answer = await this.get(path, pageSchema(item), deadline, { per_page: 200, ...query, page });
      found.push(...answer.resources);
      if (answer.pagination.next === null) return found;
    }
  }

  /** Merges, or sets anew: may be repeated. */
  async patch<T>(path: string, json: JsonObject, schema: z.ZodType<T>, deadline: Deadline): Promise<T> {
    const response = await this.#call("PATCH", path, deadline, { body: { json } });
    await this.#followJob(response, deadline);
    return this.#parsed(response, schema, path);
  }

  /** A change that goes through a job, e.g. of a managed service instance. */
  async patchJob(path: string, json: JsonObject, deadline: Deadline): Promise<void> {
    await this.#followJob(await this.#call("PATCH", path, deadline, { body: { json } }), deadline);
  }

  /** A POST that does no harm when it arrives twice, e.g. an action. */
  async act(path: string, body: Body, deadline: Deadline): Promise<HttpResponse> {
    const response = await this.#call("POST", path, deadline, { body });
    await this.#followJob(response, deadline);
    return response;
  }

  /** A POST that must not be repeated unseen: gives a RetryableError after one attempt. */
  async actOnce(path: string, body: Body, deadline: Deadline): Promise<HttpResponse> {
    return await this.#authorized(path, deadline, (token) =>
      this.#attempt("POST", path, token, deadline, { body }),
    );
  }

  /**
   * Makes an object once, even when answers are lost: it is labelled, and looked for by its label before the request is
   * sent again. `collection` is where such objects are listed, by default the path itself.
   */
  async create<T extends { readonly guid: string }>(
    path: string,
    json: JsonObject,
    schema: z.ZodType<T>,
    deadline: Deadline,
    collection = path,
  ): Promise<T> {
    const mark = randomUUID();
    const metadata = json.metadata as JsonObject | undefined;
    const labels = { ...(metadata?.labels as JsonObject | undefined), [requestLabel]: mark };
    const body = { json: { ...json, metadata: { ...metadata, labels } } };
    const made = async () => {
      const found = await this.list(collection, schema, deadline, {
        label_selector: `${requestLabel}=${mark}`,
      });
      return found[0];
    };
    return await this.#transport.repeat(async (attempt) => {
      const before = attempt === 1 ? undefined : await made();
      if (before !== undefined) return before;
      const response = await this.actOnce(path, body, deadline).catch(async (error: unknown) => {
        // The first request may have been slower than the look for what it made.
        const late = attempt > 1 && isTaken(error) ? await made() : undefined;
        if (late === undefined) throw error;
        return late;
      });
      if ("guid" in response) return response;
      if (!response.headers.has("location") || response.text !== "")
        return this.#parsed(response, schema, path);
      // A failed job is no reason to ask again: the object may be there, in a state that says why.
      await this.#followJob(response, deadline);
      const after = await made();
      if (after !== undefined) return after;
      throw new UnderstudyError(`POST ${path} was accepted, but what it should have made isn't there.`, {
        code: "vanished",
      });
    }, deadline);
  }

  /** What is gone already is no error. Settles when the job has ended. */
  async delete(path: string, deadline: Deadline): Promise<void> {
    try {
      await this.#followJob(await this.#call("DELETE", path, deadline, {}), deadline);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  /** A read of log-cache, which stands at an address of its own. */
  async logCache<T>(path: string, schema: z.ZodType<T>, deadline: Deadline, query: Query): Promise<T> {
    const { links } = await this.#links(deadline);
    const base = links.log_cache?.href ?? this.#base.replace("://api.", "://log-cache.");
    const response = await this.#call("GET", path, deadline, { query, base });
    return this.#parsed(response, schema, path);
  }

  async #followJob(response: HttpResponse, deadline: Deadline): Promise<void> {
    const location = response.headers.get("location");
    const path = location === null ? undefined : new URL(location, this.#base).pathname;
    if (path === undefined || !path.startsWith("/v3/jobs/")) return;
    for (let waitMs = 50; ; waitMs = Math.min(3_000, waitMs * 1.5)) {
      const job = await this.get(path, jobSchema, deadline);
      if (job.state === "COMPLETE") return;
      if (job.state === "FAILED") {
        const [first] = job.errors;
        const details = job.errors.map(({ title, detail }) => `${detail} (${title})`).join("; ");
        throw new CloudFoundryError(`The job ${job.operation} failed: ${details || "no reason was given"}`, {
          code: "job-failed",
          status: 200,
          cfCode: first?.code ?? 0,
        });
      }
      await deadline.pause(waitMs, `the job ${job.operation}`);
    }
  }

  async #call(
    method: string,
    path: string,
    deadline: Deadline,
    options: { readonly query?: Query; readonly body?: Body; readonly base?: string },
  ): Promise<HttpResponse> {
    return await this.#transport.repeat(
      () =>
        this.#authorized(path, deadline, (token) => this.#attempt(method, path, token, deadline, options)),
      deadline,
    );
  }

  /** A token that was taken back is renewed once. */
  async #authorized(
    path: string,
    deadline: Deadline,
    work: (token: string) => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const { links } = await this.#links(deadline);
    const uaa = links.uaa.href.replace(/\/+$/, "");
    for (const isLast of [false, true]) {
      const token = await this.#tokens.token(uaa, deadline);
      const response = await work(token);
      if (response.status !== 401) return response;
      this.#tokens.forget(token);
      if (isLast) break;
    }
    throw credentialsRejected(`${this.#base}${path}`);
  }

  async #attempt(
    method: string,
    path: string,
    token: string,
    deadline: Deadline,
    options: { readonly query?: Query; readonly body?: Body; readonly base?: string },
  ): Promise<HttpResponse> {
    const url = new URL(`${options.base ?? this.#base}${path}`);
    for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.set(key, String(value));
    const { headers, content } = encoded(options.body);
    const request = {
      method,
      url: url.href,
      headers: { accept: "application/json", authorization: `bearer ${token}`, ...headers },
      ...(content === undefined ? {} : { body: content }),
    };
    const response = await this.#transport.once(request, deadline);
    if (response.status >= 300 && response.status !== 401) {
      throw failureOf(request, response, deadline.clock.now());
    }
    return response;
  }

  #links(deadline: Deadline): Promise<z.output<typeof rootSchema>> {
    this.#root ??= this.#readRoot(deadline).catch((error: unknown) => {
      this.#root = undefined;
      throw error;
    });
    return this.#root;
  }

  async #readRoot(deadline: Deadline): Promise<z.output<typeof rootSchema>> {
    const request = { method: "GET", url: `${this.#base}/` };
    const response = await this.#transport.send(request, deadline);
    if (response.status !== 200) throw failureOf(request, response, deadline.clock.now());
    const parsed = rootSchema.safeParse(parseJsonBody(request, response));
    if (parsed.success) return parsed.data;
    throw new UnderstudyError(`${this.#base} does not answer as a Cloud Foundry API does.`, {
      code: "bad-response",
      suggestion: "Check the connection's url: it is the API's address, e.g. https://api.example.com.",
    });
  }

  #parsed<T>(response: HttpResponse, schema: z.ZodType<T>, path: string): T {
    const value = parseJsonBody({ method: "", url: `${this.#base}${path}` }, response);
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new UnderstudyError(
      `${this.#base}${path} answered with something unexpected at ${issue?.path.join(".") ?? "its root"}: ${issue?.message ?? ""}`,
      { code: "bad-response" },
    );
  }
}

function encoded(body: Body | undefined): {
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string | FormData | undefined;
} {
  if (body === undefined) return { headers: {}, content: undefined };
  if ("form" in body) return { headers: {}, content: body.form };
  if ("yaml" in body) return { headers: { "content-type": "application/x-yaml" }, content: body.yaml };
  return { headers: { "content-type": "application/json" }, content: JSON.stringify(body.json) };
}

const clients = new WeakMap<Connection, Client>();

/** The client for a connection: one for all that use it, so that they share a login. */
export function clientFor(connection: Connection): Client {
  const known = clients.get(connection);
  if (known !== undefined) return known;
  const client = new Client(connection);
  clients.set(connection, client);
  return client;
}
