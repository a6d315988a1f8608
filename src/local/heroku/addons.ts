import { randomInt, randomUUID } from "node:crypto";
import { messageOf, UnderstudyError } from "../../base/errors.ts";
import type { Database, RedisInstance, Runtime } from "../runtime/contract.ts";
import { colours, planOf, serviceOf } from "./catalog.ts";
import { invalidParams } from "./http/error.ts";
import { sayAsApi } from "./log-lines.ts";
import type { AddonRecord, AppRecord, AttachmentRecord } from "./model.ts";
import type { Releases } from "./releases.ts";
import { now, type Store } from "./store.ts";

const words = [
  "amber",
  "clear",
  "deep",
  "fluffy",
  "flat",
  "round",
  "shaped",
  "silent",
  "solid",
  "vertical",
] as const;

function postgresUrl({ user, password, host, port, database }: Database): string {
  return `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}

function redisUrl({ password, host, port }: RedisInstance): string {
  return `redis://:${encodeURIComponent(password)}@${host}:${port}`;
}

/** The runtime knows a database by a name that suits any of its parts. */
function runtimeId(addon: AddonRecord): string {
  return `d${addon.id.replaceAll("-", "").slice(0, 20)}`;
}

/** Add-ons with something real behind them, and where they are attached. */
export class Addons {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #releases: Releases;

  constructor(runtime: Runtime, store: Store, releases: Releases) {
    this.#runtime = runtime;
    this.#store = store;
    this.#releases = releases;
  }

  /** Answers while it is being provisioned; its config var and release come when it is there. */
  async create(
    app: AppRecord,
    request: {
      readonly plan: string;
      readonly name?: string | undefined;
      readonly attachment?: string | undefined;
      readonly config: Readonly<Record<string, string>>;
    },
  ): Promise<AddonRecord> {
    const { service, plan } = planOf(request.plan);
    const { addons } = this.#store.model;
    const word = words[randomInt(words.length)] ?? "solid";
    const name = request.name ?? `${service.prefix}-${word}-${randomInt(10_000, 100_000)}`;
    if (addons.some((other) => other.name === name)) throw invalidParams("Name is already taken");
    const attachment = request.attachment ?? this.#attachmentName(app, service.name);
    this.#checkAttachment(app, attachment);
    const addon: AddonRecord = {
      id: randomUUID(),
      name,
      appId: app.id,
      service: service.name,
      plan,
      state: "provisioning",
      config: { ...request.config },
      url: null,
      createdAt: now(),
      updatedAt: now(),
    };
    addons.push(addon);
    this.#store.model.attachments.push(attachmentRecord(attachment, addon, app));
    await this.#store.save();
    void this.#provision(addon);
    return addon;
  }

  /** Makes the service of an add-on that waits for it. */
  async #provision(addon: AddonRecord): Promise<void> {
    try {
      const url = await this.#makeService(addon);
      // Deleted meanwhile: nobody would ever drop what was just made.
      if (!this.#store.model.addons.includes(addon)) return await this.#dropService(addon);
      Object.assign(addon, { url, state: "provisioned", updatedAt: now() });
      await this.#store.save();
      for (const attachment of this.#store.model.attachments.filter(({ addonId }) => addonId === addon.id)) {
        await this.#release(attachment, `Attach ${attachment.name} (@ref:${addon.name})`, true);
      }
    } catch (error) {
      sayAsApi(
        this.#runtime.logs,
        addon.appId,
        `${addon.name} could not be provisioned: ${messageOf(error)}`,
      );
    }
  }

  /** Goes on with what a stop of the provider cut off, and asks anew where the others are: ports may have changed. */
  async restore(): Promise<void> {
    for (const addon of this.#store.model.addons) {
      if (addon.state === "provisioning") void this.#provision(addon);
      else addon.url = await this.#makeService(addon);
    }
  }

  async attach(
    addon: AddonRecord,
    app: AppRecord,
    request: { readonly name?: string | undefined; readonly namespace?: string | null | undefined },
  ): Promise<AttachmentRecord> {
    const name = request.name ?? this.#attachmentName(app, addon.service);
    this.#checkAttachment(app, name);
    const attachment = { ...attachmentRecord(name, addon, app), namespace: request.namespace ?? null };
    this.#store.model.attachments.push(attachment);
    await this.#store.save();
    await this.#release(attachment, `Attach ${name} (@ref:${addon.name})`, true);
    return attachment;
  }

  async detach(attachment: AttachmentRecord): Promise<void> {
    const { model } = this.#store;
    const addon = this.#store.addon(attachment.addonId);
    model.attachments = model.attachments.filter((other) => other !== attachment);
    await this.#store.save();
    await this.#release(attachment, `Detach ${attachment.name} (@ref:${addon.name})`, false);
  }

  async destroy(addon: AddonRecord): Promise<void> {
    const { model } = this.#store;
    for (const attachment of model.attachments.filter(({ addonId }) => addonId === addon.id)) {
      await this.detach(attachment);
    }
    model.addons = model.addons.filter((other) => other !== addon);
    await this.#store.save();
    await this.#dropService(addon);
  }

  /** New credentials: every app that has it attached restarts with them, without its release command. */
  async rotate(addon: AddonRecord): Promise<void> {
    if (addon.state !== "provisioned") throw invalidParams("The database is not provisioned yet.");
    addon.url = postgresUrl(await this.#runtime.postgres.rotate(runtimeId(addon)));
    addon.updatedAt = now();
    await this.#store.save();
    for (const attachment of this.#store.model.attachments.filter(({ addonId }) => addonId === addon.id)) {
      await this.#release(attachment, `Update ${attachment.name} by ${addon.service}`, false);
    }
  }

  async database(addon: AddonRecord): Promise<Database> {
    const database = await this.#runtime.postgres.get(runtimeId(addon));
    if (database === undefined) {
      throw new UnderstudyError(`${addon.name} has no database.`, { code: "database-missing" });
    }
    return database;
  }

  async #release(attachment: AttachmentRecord, description: string, hasPhase: boolean): Promise<void> {
    const app = this.#store.model.apps.find(({ id }) => id === attachment.appId);
    if (app !== undefined) await this.#releases.create(app, { description, hasPhase });
  }

  async #makeService(addon: AddonRecord): Promise<string> {
    const id = runtimeId(addon);
    if (serviceOf(addon.service).kind === "postgres") {
      const { postgres } = this.#runtime;
      return postgresUrl((await postgres.get(id)) ?? (await postgres.create(id)));
    }
    const { redis } = this.#runtime;
    return redisUrl((await redis.get(id)) ?? (await redis.create(id)));
  }

  async #dropService(addon: AddonRecord): Promise<void> {
    const { postgres, redis } = this.#runtime;
    if (serviceOf(addon.service).kind === "postgres") await postgres.drop(runtimeId(addon));
    else await redis.drop(runtimeId(addon));
  }

  /** The service's own name for an app's first, a colour for each later one. */
  #attachmentName(app: AppRecord, serviceName: string): string {
    const service = serviceOf(serviceName);
    const taken = new Set(this.#store.attachmentsOf(app).map(({ name }) => name));
    const names = [service.first, ...colours.map((colour) => `${service.later}_${colour}`)];
    const free = names.find((name) => !taken.has(name));
    if (free === undefined) throw invalidParams(`The app has too many add-ons of ${service.name}.`);
    return free;
  }

  #checkAttachment(app: AppRecord, name: string): void {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) throw invalidParams(`'${name}' can't be the name of an attachment.`);
    if (this.#store.attachmentsOf(app).some((other) => other.name === name)) {
      throw invalidParams(`${name} is already the name of an attachment of this app.`);
    }
    if (this.#store.configOf(app)[`${name}_URL`] !== undefined) {
      throw invalidParams(`${name}_URL is already a config var of this app.`);
    }
  }
}

function attachmentRecord(name: string, addon: AddonRecord, app: AppRecord): AttachmentRecord {
  return { id: randomUUID(), name, addonId: addon.id, appId: app.id, namespace: null, createdAt: now() };
}
