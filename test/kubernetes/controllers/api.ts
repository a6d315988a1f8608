import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";

/** How the controller gets into the API: written for it alone, so that what is under test does not test itself. */
export interface ApiAccess {
  readonly url: string;
  readonly token: string;
  readonly ca: string;
}

/** As much of any object as the controller needs. */
export interface ApiObject {
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

const retryMs = 1_000;

/** A server that can be asked, and followed. */
export class Api {
  readonly #access: ApiAccess;
  readonly #agent: Agent;

  constructor(access: ApiAccess) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, ca: access.ca });
  }

  #send(method: string, path: string, body?: { readonly type: string; readonly text: string }) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(new URL(path, this.#access.url), {
        method,
        agent: this.#agent,
        headers: {
          authorization: `Bearer ${this.#access.token}`,
          ...(body === undefined ? {} : { "content-type": body.type }),
        },
      });
      sent.once("response", resolve).once("error", reject).end(body?.text);
    });
  }

  /** Sends a change. What is gone already, or there already, is no error: another try may have been the one that counts. */
  async #change(method: string, path: string, type: string, content?: object): Promise<void> {
    const body = content === undefined ? undefined : { type, text: JSON.stringify(content) };
    const response = await this.#send(method, path, body);
    const answer = await text(response);
    const code = response.statusCode ?? 0;
    if (code >= 300 && code !== 404 && code !== 409) throw new Error(`${method} ${path}: ${code} ${answer}`);
  }

  /** Merges into an object's status. */
  async mergeStatus(path: string, status: object): Promise<void> {
    await this.#change("PATCH", `${path}/status`, "application/merge-patch+json", { status });
  }

  /** Makes an object; `path` is that of its kind. */
  async create(path: string, object: object): Promise<void> {
    await this.#change("POST", path, "application/json", object);
  }

  async delete(path: string): Promise<void> {
    await this.#change("DELETE", path, "application/json");
  }

  /**
   * Keeps `objects` as the server has them, and tells of each change, for ever: through lost connections, expired
   * watches and kinds that are not there yet.
   */
  async follow<T extends ApiObject>(
    path: string,
    objects: Map<string, T>,
    changed: () => void,
  ): Promise<never> {
    for (;;) {
      try {
        const version = await this.#list(path, objects);
        changed();
        if (version !== undefined) await this.#watch(path, version, objects, changed);
      } catch (error) {
        process.stderr.write(`${path}: ${String(error)}\n`);
      }
      await delay(retryMs);
    }
  }

  async #list<T extends ApiObject>(path: string, objects: Map<string, T>): Promise<string | undefined> {
    const response = await this.#send("GET", path);
    const answer = await text(response);
    objects.clear();
    if (response.statusCode === 404) return undefined;
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${answer}`);
    const list = JSON.parse(answer) as { metadata: { resourceVersion: string }; items: T[] };
    for (const item of list.items) objects.set(item.metadata.uid, item);
    return list.metadata.resourceVersion;
  }

  async #watch<T extends ApiObject>(
    path: string,
    version: string,
    objects: Map<string, T>,
    changed: () => void,
  ): Promise<void> {
    const query = `?watch=1&allowWatchBookmarks=true&resourceVersion=${version}&timeoutSeconds=300`;
    const response = await this.#send("GET", path + query);
    if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${await text(response)}`);
    for await (const line of createInterface({ input: response })) {
      const { type, object } = JSON.parse(line) as { type: string; object: T };
      if (type === "ERROR") return;
      if (type === "DELETED") objects.delete(object.metadata.uid);
      else if (type !== "BOOKMARK") objects.set(object.metadata.uid, object);
      changed();
    }
  }
}
