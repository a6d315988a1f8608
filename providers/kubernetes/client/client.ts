import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import type { KubernetesConnection } from "../connection.ts";
import { accessFor } from "./access.ts";
import { type Deadline, deadline } from "./deadline.ts";
import { Discovery, groupOf, pathOfVersion } from "./discovery.ts";
import { isRefusal, LostAnswerError } from "./errors.ts";
import { checkedList, checkedObject, type KubernetesObject, type ObjectRef, refOf } from "./object.ts";
import type {
  ApplyOptions,
  DeleteOptions,
  Listing,
  ListQuery,
  LogOptions,
  PatchOptions,
  WatchQuery,
} from "./query.ts";
import { type Call, Session } from "./session.ts";
import { type WatchEvent, watchFrom } from "./watch.ts";

const pageSize = 500;

const mediaTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const;

/** What is meant: one object, or all of a kind. */
type Target = Omit<ObjectRef, "name"> & { readonly name?: string | undefined };

/**
 * Kubernetes' API, any kind of object: finds out where a kind is, waits and repeats within a call's time what may be
 * repeated, and gives refusals by type (see errors.ts). Opens nothing until the first call.
 */
export class KubernetesClient {
  readonly #session: Session;
  readonly #discovery = new Discovery();

  constructor(connection: KubernetesConnection) {
    this.#session = new Session(accessFor(connection));
  }

  /** The API server's address. */
  get server(): string {
    return this.#session.server;
  }

  /** The object, or undefined when it isn't there. */
  async get(ref: ObjectRef, options?: CallOptions): Promise<KubernetesObject | undefined> {
    const until = deadline(options);
    const call = await this.#call("get", ref, until);
    try {
      return await this.#object({ ...call, method: "GET" }, until);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** All of them, whatever their number. */
  async list(query: ListQuery, options?: CallOptions): Promise<readonly KubernetesObject[]> {
    return (await this.listing(query, options)).items;
  }

  /** All of them, and the state at which a watch goes on from there. */
  async listing(query: ListQuery, options?: CallOptions): Promise<Listing> {
    const until = deadline(options);
    const call = await this.#call("list", query, until);
    const { labelSelector, fieldSelector, apiVersion, kind } = query;
    let items: KubernetesObject[] = [];
    for (let token = ""; ; ) {
      const page = { labelSelector, fieldSelector, limit: pageSize, continue: token || undefined };
      try {
        const answer = await this.#session.json({ ...call, method: "GET", query: page }, until);
        const list = checkedList(answer, this.server);
        // The items of a list don't say what they are.
        items.push(...list.items.map((item) => checkedObject({ apiVersion, kind, ...item }, this.server)));
        token = list.next;
        if (token === "") return { items, resourceVersion: list.resourceVersion };
      } catch (error) {
        // The list took longer than the server keeps its state.
        if (token === "" || !isRefusal(error, "gone")) throw error;
        items = [];
        token = "";
      }
    }
  }

  /** Server-side apply: makes the object, or sets the fields that are given and no other. */
  async apply(
    object: KubernetesObject,
    { fieldManager, force = false, dryRun = false, onWarning }: ApplyOptions,
    options?: CallOptions,
  ): Promise<KubernetesObject> {
    const until = deadline(options);
    const { path, told } = await this.#call("patch", refOf(object), until);
    const query = {
      fieldManager,
      force,
      dryRun: dryRun ? "All" : undefined,
    };
    const call = {
      method: "PATCH",
      path,
      query,
      contentType: mediaTypes.apply,
      body: object,
      told: { ...told, secrets: secretsOf(object) },
      ...(onWarning === undefined ? {} : { onWarning }),
    };
    return await this.#object(call, until);
  }

  /** Changes part of an object that is there. */
  async patch(
    ref: ObjectRef,
    body: JsonObject | readonly JsonObject[],
    { fieldManager, subresource, type = "merge" }: PatchOptions,
    options?: CallOptions,
  ): Promise<KubernetesObject> {
    const until = deadline(options);
    const { path, told } = await this.#call("patch", ref, until, subresource);
    const call = {
      method: "PATCH",
      path,
      query: { fieldManager, force: type === "apply" ? true : undefined },
      contentType: mediaTypes[type],
      body,
      told: { ...told, secrets: ref.kind === "Secret" ? stringsOf(body) : [] },
      // A JSON patch may add to a list: twice is not once.
      repeatable: type !== "json",
    };
    return await this.#object(call, until);
  }

  /**
   * Makes an object. When an answer was lost, one of that name that is there on the next try is taken for the one that
   * was made: give it a name that is nobody else's.
   */
  async create(object: KubernetesObject, options?: CallOptions): Promise<KubernetesObject> {
    const until = deadline(options);
    const { path, told } = await this.#call("create", { ...refOf(object), name: undefined }, until);
    let lost = false;
    const call = {
      method: "POST",
      path,
      contentType: "application/json",
      body: object,
      told: { ...told, name: object.metadata.name, secrets: secretsOf(object) },
    };
    return await this.#session.repeat(until, async () => {
      try {
        return checkedObject(await this.#session.jsonOnce(call, until), this.server);
      } catch (error) {
        if (error instanceof LostAnswerError) lost = true;
        const made = lost && isRefusal(error, "already-exists");
        const found = made ? await this.get(refOf(object), until.options()) : undefined;
        if (found === undefined) throw error;
        return found;
      }
    });
  }

  /** Asks for an object's end; one that is gone already, or is another by now, is no error. Doesn't wait for it. */
  async delete(ref: ObjectRef, deletion: DeleteOptions = {}, options?: CallOptions): Promise<void> {
    const until = deadline(options);
    const { propagation = "Background", uid } = deletion;
    const call = await this.#call("delete", ref, until);
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy: propagation,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    try {
      await this.#session.json({ ...call, method: "DELETE", contentType: "application/json", body }, until);
    } catch (error) {
      if (error instanceof NotFoundError) return;
      if (uid !== undefined && isRefusal(error, "conflict")) return;
      throw error;
    }
  }

  /**
   * Tells of objects and what becomes of them: first of each that is there (`ADDED`), then of every change. Goes on by
   * itself after a lost connection, and lists again when the server no longer has what came between. Ends when the
   * caller stops, at `timeoutMs` (default: never) or with an error that is worth no retry.
   */
  watch(query: WatchQuery, options: CallOptions = {}): AsyncIterable<WatchEvent> {
    const { labelSelector, fieldSelector } = query;
    const source = {
      list: (inner: CallOptions) => this.listing(query, inner),
      open: async (parameters: NonNullable<Call["query"]>, signal: AbortSignal) => {
        const call = await this.#call("watch", query, deadline({ signal }));
        const sent = { ...call, method: "GET", query: { ...parameters, labelSelector, fieldSelector } };
        return (await this.#session.open(sent, signal)).body;
      },
    };
    return watchFrom(source, query.resourceVersion, options);
  }

  /** What a pod has written. */
  async logs(namespace: string, pod: string, log: LogOptions = {}, options?: CallOptions): Promise<string> {
    const told = { verb: "get", resource: "pods/log", name: pod, namespace };
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    const call = { method: "GET", path, query: { ...log }, accept: "*/*", told };
    return await this.#session.text(call, deadline(options));
  }

  /** The part of a call that follows from the object's kind and place. */
  async #call(
    verb: string,
    { apiVersion, kind, namespace, name }: Target,
    until: Deadline,
    subresource?: string,
  ): Promise<Pick<Call, "path" | "told">> {
    const type = await this.#discovery.find(apiVersion, kind, async (path, accept) => {
      const call = { method: "GET", path, told: { verb: "get", resource: path } };
      try {
        return await this.#session.json(accept === undefined ? call : { ...call, accept }, until);
      } catch (error) {
        if (error instanceof NotFoundError) return undefined;
        throw error;
      }
    });
    if (type.namespaced && namespace === undefined && !["list", "watch"].includes(verb)) {
      throw new UnderstudyError(`${kind} ${name ?? ""} has no namespace.`, {
        code: "no-namespace",
        path: "metadata.namespace",
        suggestion: "Say in which namespace it is.",
      });
    }
    const place = type.namespaced ? namespace : undefined;
    const parts = [
      pathOfVersion(apiVersion),
      ...(place === undefined ? [] : ["namespaces", encodeURIComponent(place)]),
      type.plural,
      ...(name === undefined ? [] : [encodeURIComponent(name)]),
      ...(subresource === undefined ? [] : [subresource]),
    ];
    const group = groupOf(apiVersion);
    const inGroup = group === "" ? type.plural : `${type.plural}.${group}`;
    const resource = subresource === undefined ? inGroup : `${inGroup}/${subresource}`;
    return { path: parts.join("/"), told: { verb, resource, name, namespace: place } };
  }

  async #object(call: Call, until: Deadline): Promise<KubernetesObject> {
    return checkedObject(await this.#session.json(call, until), this.server);
  }
}

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsOf);
}

function secretsOf({ kind, data, stringData }: KubernetesObject): readonly string[] {
  return kind === "Secret" ? [...stringsOf(data), ...stringsOf(stringData)] : [];
}

const clients = new WeakMap<KubernetesConnection, KubernetesClient>();

/** The client for a connection: one for all that use it, so that they share sockets and what was found out. */
export function clientFor(connection: KubernetesConnection): KubernetesClient {
  const known = clients.get(connection);
  if (known !== undefined) return known;
  const client = new KubernetesClient(connection);
  clients.set(connection, client);
  return client;
}
