import { randomUUID } from "node:crypto";
import { z } from "zod";
import { UnderstudyError } from "../../base/errors.ts";
import type { Runtime } from "../runtime/contract.ts";
import { notFound } from "./http/error.ts";
import {
  type AddonRecord,
  type AppRecord,
  type AttachmentRecord,
  type Model,
  modelSchema,
  type ReleaseRecord,
} from "./model.ts";

export function now(): string {
  return new Date().toISOString();
}

function newModel(): Model {
  return {
    version: 1,
    account: { id: randomUUID(), createdAt: now() },
    apps: [],
    addons: [],
    attachments: [],
  };
}

/** What the platform knows, in memory and on disk. Look-ups that fail answer 404 as the API does. */
export class Store {
  readonly model: Model;
  readonly #runtime: Runtime;

  private constructor(runtime: Runtime, model: Model) {
    this.#runtime = runtime;
    this.model = model;
  }

  static async open(runtime: Runtime): Promise<Store> {
    const kept = await runtime.load();
    if (kept === undefined) return new Store(runtime, newModel());
    const model = modelSchema.safeParse(kept);
    if (model.success) return new Store(runtime, model.data);
    throw new UnderstudyError(
      `What the local Heroku kept in ${runtime.folder} can't be read: ${z.prettifyError(model.error)}`,
      {
        code: "bad-model",
        path: runtime.folder,
        suggestion: "It was made by another version: remove the folder to start anew.",
      },
    );
  }

  async save(): Promise<void> {
    await this.#runtime.save(this.model);
  }

  /** By id or name, which are interchangeable in every path. */
  app(identity: string): AppRecord {
    const found = this.model.apps.find(({ id, name }) => id === identity || name === identity);
    if (found === undefined) throw notFound("app");
    return found;
  }

  addon(identity: string): AddonRecord {
    const found = this.model.addons.find(({ id, name }) => id === identity || name === identity);
    if (found === undefined) throw notFound("add_on");
    return found;
  }

  /** By id, or by name within an app. */
  attachment(identity: string, app?: AppRecord): AttachmentRecord {
    const found = this.model.attachments.find(
      ({ id, name, appId }) =>
        id === identity || (app !== undefined && appId === app.id && name === identity),
    );
    if (found === undefined || (app !== undefined && found.appId !== app.id)) throw notFound("attachment");
    return found;
  }

  attachmentsOf(app: AppRecord): readonly AttachmentRecord[] {
    return this.model.attachments.filter(({ appId }) => appId === app.id);
  }

  /** Add-ons that an app pays for or has attached. */
  addonsOf(app: AppRecord): readonly AddonRecord[] {
    const attached = new Set(this.attachmentsOf(app).map(({ addonId }) => addonId));
    return this.model.addons.filter(({ id, appId }) => appId === app.id || attached.has(id));
  }

  /** Config vars that add-ons give an app: owned by them, and the same in every release. */
  addonConfig(app: AppRecord): Readonly<Record<string, string>> {
    const entries = this.attachmentsOf(app).flatMap(({ name, addonId }) => {
      const url = this.addon(addonId).url;
      return url === null ? [] : [[`${name}_URL`, url] as const];
    });
    return Object.fromEntries(entries);
  }

  /** All that `GET config-vars` shows for a release; by default the newest that didn't fail. */
  configOf(
    app: AppRecord,
    release: ReleaseRecord | undefined = newestGood(app),
  ): Readonly<Record<string, string>> {
    const all = { ...release?.config, ...this.addonConfig(app) };
    return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** The newest release that is in force or about to be. */
export function newestGood(app: AppRecord): ReleaseRecord | undefined {
  return app.releases.findLast(({ status }) => status !== "failed");
}

/** The release that runs. */
export function currentRelease(app: AppRecord): ReleaseRecord | undefined {
  return app.releases.findLast(({ status }) => status === "succeeded");
}
