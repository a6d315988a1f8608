import { randomBytes, randomUUID } from "node:crypto";
import { changesBetween, replaces } from "../../providers/plugin/diff.ts";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import { silentLog } from "../../src/base/log.ts";
import { parsePath } from "../../src/base/property-path.ts";
import type { InputValue, Platform, Rendered, RenderedResource } from "../../src/platform/contract.ts";
import type { ResourceContext, ResourceHandler, ResourceReading } from "../../src/platform/handler.ts";
import { PartialCreateError } from "../../src/platform/partial.ts";
import { asReference, inDependencyOrder } from "../../src/site/references.ts";

interface Kept {
  readonly type: string;
  readonly id: string;
  readonly inputs: JsonObject;
  readonly outputs: JsonObject;
}

/** Logical names, by what an `up` did to them. */
export interface Changes {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly replaced: readonly string[];
  readonly deleted: readonly string[];
  readonly same: readonly string[];
}

/** The least engine that there can be: calls a platform's handlers as Pulumi's engine would, with state in memory. */
export class DirectStack {
  readonly kept = new Map<string, Kept>();
  readonly #platform: Platform;
  readonly #connection: JsonObject;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;
  /** Tells this stack's resources from those of another of the same names. */
  readonly #id = randomUUID();

  constructor(
    platform: Platform,
    connection: JsonObject,
    secrets: Readonly<Record<string, string>>,
    signal: AbortSignal = new AbortController().signal,
  ) {
    this.#platform = platform;
    this.#connection = connection;
    this.#secrets = secrets;
    this.#signal = signal;
  }

  /** For a resource, by its logical name, or for none in particular. */
  context(name = ""): ResourceContext<JsonObject> {
    const urn = `urn:pulumi:direct::${this.#id}::${name}`;
    return { connection: this.#connection, log: silentLog, signal: this.#signal, urn };
  }

  handler(type: string): ResourceHandler {
    const handler = this.#platform.resources[type] ?? this.#platform.package?.handler(type);
    if (handler === undefined)
      throw new Error(`${this.#platform.name} renders ${type} but has no handler for it.`);
    return handler;
  }

  /** Creates, updates, replaces and deletes until the platform has what was rendered. */
  async up(rendered: Rendered): Promise<Changes> {
    const changes = { created: [], updated: [], replaced: [], deleted: [], same: [] } as {
      [key in keyof Changes]: string[];
    };
    const wanted = inDependencyOrder(rendered.resources);
    for (const resource of wanted) changes[await this.#apply(resource)].push(resource.name);
    const names = new Set(wanted.map((resource) => resource.name));
    for (const name of [...this.kept.keys()].reverse()) {
      if (names.has(name)) continue;
      await this.#delete(name);
      changes.deleted.push(name);
    }
    return changes;
  }

  async #apply(resource: RenderedResource): Promise<"created" | "updated" | "replaced" | "same"> {
    const handler = this.handler(resource.type);
    const before = this.kept.get(resource.name);
    const asked = this.#resolve(resource.inputs) as JsonObject;
    const by = { name: resource.name, olds: before?.inputs ?? {}, seed: randomBytes(32) };
    const inputs = handler.inputs.parse(handler.complete?.(asked, by) ?? asked) as JsonObject;
    if (before === undefined) {
      await this.#create(resource, handler, inputs);
      return "created";
    }
    const changed = changesBetween(before.inputs, inputs);
    if (changed.every(({ path }) => handler.unimportant?.includes(String(path[0])) === true)) return "same";
    const { replaceOn } = handler.replacement?.(this.#connection, before.inputs, inputs) ?? handler;
    const paths = replaceOn.map(parsePath);
    if (
      handler.update === undefined ||
      changed.some((change) => replaces(change, paths, before.inputs, inputs))
    ) {
      await this.#delete(resource.name);
      await this.#create(resource, handler, inputs);
      return "replaced";
    }
    const outputs = await handler.update(this.context(resource.name), before, inputs);
    this.kept.set(resource.name, { ...before, inputs, outputs });
    return "updated";
  }

  async #create(resource: RenderedResource, handler: ResourceHandler, inputs: JsonObject): Promise<void> {
    const keep = (state: { readonly id: string; readonly outputs: JsonObject }) =>
      this.kept.set(resource.name, { type: resource.type, id: state.id, inputs, outputs: state.outputs });
    try {
      keep(await handler.create(this.context(resource.name), inputs));
    } catch (error) {
      // As the engine does: what was made is kept, with inputs that the next `up` will find changed.
      if (error instanceof PartialCreateError) {
        this.kept.set(resource.name, {
          type: resource.type,
          id: error.id,
          inputs: {},
          outputs: error.outputs,
        });
      }
      throw error;
    }
  }

  async read(name: string): Promise<ResourceReading | undefined> {
    const kept = this.#get(name);
    return await this.handler(kept.type).read(this.context(name), kept.id, kept);
  }

  async readById(name: string): Promise<ResourceReading | undefined> {
    const kept = this.#get(name);
    return await this.handler(kept.type).read(this.context(name), kept.id, undefined);
  }

  /** Deletes everything, the last made first. */
  async destroy(): Promise<void> {
    for (const name of [...this.kept.keys()].reverse()) await this.#delete(name);
  }

  async #delete(name: string): Promise<void> {
    const kept = this.#get(name);
    await this.handler(kept.type).delete(this.context(name), kept);
    this.kept.delete(name);
  }

  #get(name: string): Kept {
    const kept = this.kept.get(name);
    if (kept === undefined) throw new Error(`The stack has no resource '${name}'.`);
    return kept;
  }

  /** Output of a resource that is up, by a dotted path, as `$output` means it. */
  output(name: string, property: string): unknown {
    const kept = this.#get(name);
    if (property === "id") return kept.id;
    return property
      .split(".")
      .reduce<unknown>((value, key) => (isJsonObject(value) ? value[key] : undefined), {
        ...kept.inputs,
        ...kept.outputs,
      });
  }

  #resolve(value: InputValue): unknown {
    const reference = asReference(value);
    if (reference !== undefined && "$secret" in reference) {
      const secret = this.#secrets[reference.$secret];
      if (secret === undefined) throw new Error(`There is no secret '${reference.$secret}'.`);
      return secret;
    }
    if (reference !== undefined) {
      const { resource, property } = reference.$output;
      const found = this.output(resource, property);
      if (found === undefined) throw new Error(`'${resource}' has no output '${property}'.`);
      return found;
    }
    if (Array.isArray(value)) return value.map((item: InputValue) => this.#resolve(item));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#resolve(item)]));
  }
}
