import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import { type HttpResponse, type HttpSend, parseJsonBody } from "../../../src/base/http.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Connection } from "../settings.ts";
import { CloudFoundryError, isTaken } from "./failure.ts";
import { type Body, type Query, Session } from "./session.ts";
import { jobSchema, pageSchema } from "./wire.ts";

/** Label by which an object is found again when the answer to its creation was lost. */
const requestLabel = "understudy-request";

/**
 * Cloud Foundry's API v3 (docs of cloud_controller_ng 3.x): logs in by itself, waits and repeats within the deadline what
 * may be repeated, follows pages and jobs. Paths start with `/v3/`.
 */
export class Client {
  readonly #session: Session;

  constructor(connection: Connection, send?: HttpSend) {
    this.#session = new Session(connection, send);
  }

  async get<T>(path: string, schema: z.ZodType<T>, deadline: Deadline, query: Query = {}): Promise<T> {
    return this.#parsed(await this.#session.send({ method: "GET", path, query }, deadline), schema, path);
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
    const response = await this.#session.send({ method: "PATCH", path, body: { json } }, deadline);
    return this.#parsed(response, schema, path);
  }

  /** A change that may go through a job, e.g. of a managed service instance. */
  async patchJob(path: string, json: JsonObject, deadline: Deadline): Promise<void> {
    const response = await this.#session.send({ method: "PATCH", path, body: { json } }, deadline);
    await this.#followJob(response, deadline);
  }

  /** A POST that does no harm when it arrives twice, e.g. an action. */
  async act(path: string, body: Body, deadline: Deadline): Promise<void> {
    await this.#followJob(await this.#session.send({ method: "POST", path, body }, deadline), deadline);
  }

  /** A POST that must not be repeated unseen: a RetryableError after one attempt. */
  async actOnce(path: string, body: Body, deadline: Deadline): Promise<void> {
    await this.#session.once({ method: "POST", path, body }, deadline);
  }

  /**
   * Makes an object once, even when answers are lost: it is labelled, and looked for by its label before the request is
   * sent again. Settles when its job, if it has one, has ended.
   */
  async create<T extends { readonly guid: string }>(
    path: string,
    json: JsonObject,
    schema: z.ZodType<T>,
    deadline: Deadline,
  ): Promise<T> {
    const mark = randomUUID();
    const body = { json: labelled(json, { [requestLabel]: mark }) };
    const query = { label_selector: `${requestLabel}=${mark}` };
    const made = async () => (await this.list(path, schema, deadline, query))[0];
    return await this.#session.repeat(async (attempt) => {
      const before = attempt === 1 ? undefined : await made();
      if (before !== undefined) return before;
      const call = { method: "POST", path, body };
      const response = await this.#session.once(call, deadline).catch(async (error: unknown) => {
        // The first request may have been slower than the look for what it made.
        const late = attempt > 1 && isTaken(error) ? await made() : undefined;
        if (late === undefined) throw error;
        return late;
      });
      if ("guid" in response) return response;
      if (response.text !== "") return this.#parsed(response, schema, path);
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
      await this.#followJob(await this.#session.send({ method: "DELETE", path }, deadline), deadline);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }

  /** A read of log-cache. */
  async logCache<T>(path: string, schema: z.ZodType<T>, deadline: Deadline, query: Query): Promise<T> {
    const base = await this.#session.logCacheUrl(deadline);
    return this.#parsed(
      await this.#session.send({ method: "GET", path, query }, deadline, base),
      schema,
      path,
    );
  }

  async #followJob(response: HttpResponse, deadline: Deadline): Promise<void> {
    const location = response.headers.get("location");
    // Only the path counts: behind a proxy the host may be one that can't be reached from here.
    const path = location === null ? undefined : new URL(location, this.#session.base).pathname;
    if (path === undefined || !path.startsWith("/v3/jobs/")) return;
    for (let waitMs = 50; ; waitMs = Math.min(3_000, waitMs * 1.5)) {
      const job = await this.get(path, jobSchema, deadline);
      if (job.state === "COMPLETE") return;
      // The answer is 200 all the same.
      if (job.state === "FAILED") {
        const details = job.errors.map(({ title, detail }) => `${detail} (${title})`).join("; ");
        throw new CloudFoundryError(`The job ${job.operation} failed: ${details || "no reason was given"}`, {
          code: "job-failed",
          status: 200,
          cfCode: job.errors[0]?.code ?? 0,
        });
      }
      await deadline.pause(waitMs, `the job ${job.operation}`);
    }
  }

  #parsed<T>(response: HttpResponse, schema: z.ZodType<T>, path: string): T {
    const url = `${this.#session.base}${path}`;
    const parsed = schema.safeParse(parseJsonBody({ method: "", url }, response));
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") || "its root";
    throw new UnderstudyError(`${url} answered with something unexpected at ${where}: ${issue?.message}`, {
      code: "bad-response",
    });
  }
}

function labelled(json: JsonObject, labels: JsonObject): JsonObject {
  const metadata = (json.metadata ?? {}) as JsonObject;
  return {
    ...json,
    metadata: { ...metadata, labels: { ...(metadata.labels as JsonObject | undefined), ...labels } },
  };
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
