import { randomBytes, randomUUID } from "node:crypto";
import type { FaceOptions } from "../face.ts";
import type { Runtime } from "../runtime/contract.ts";
import type { Addons } from "./addons.ts";
import { defaultStack } from "./catalog.ts";
import { Drains } from "./drains.ts";
import { invalidParams } from "./http/error.ts";
import type { AppRecord, DomainRecord } from "./model.ts";
import type { OneOffs } from "./one-offs.ts";
import type { Releases } from "./releases.ts";
import { removeUnused } from "./slugs.ts";
import { now, type Store } from "./store.ts";

const namePattern = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/;

/** What apps are made of, and what has to be told to the runtime when one comes, changes or goes. */
export class Apps {
  readonly drains: Drains;
  readonly #runtime: Runtime;
  readonly #options: FaceOptions;
  readonly #store: Store;
  readonly #releases: Releases;
  readonly #addons: Addons;
  readonly #oneOffs: OneOffs;

  constructor(parts: {
    readonly runtime: Runtime;
    readonly options: FaceOptions;
    readonly store: Store;
    readonly releases: Releases;
    readonly addons: Addons;
    readonly oneOffs: OneOffs;
  }) {
    this.#runtime = parts.runtime;
    this.#options = parts.options;
    this.#store = parts.store;
    this.#releases = parts.releases;
    this.#addons = parts.addons;
    this.#oneOffs = parts.oneOffs;
    this.drains = new Drains(parts.runtime, parts.store);
  }

  async create(request: {
    readonly name?: string | undefined;
    readonly region?: string | undefined;
    readonly stack?: string | undefined;
  }): Promise<AppRecord> {
    const name = request.name ?? `app-${randomBytes(6).toString("hex")}`;
    this.#checkName(name);
    const stack = request.stack ?? defaultStack;
    const app: AppRecord = {
      id: randomUUID(),
      name,
      host: hostFor(name),
      region: request.region ?? "us",
      stack,
      buildStack: stack,
      maintenance: false,
      acm: false,
      features: [],
      buildpacks: [],
      formation: [],
      releases: [],
      slugs: [],
      builds: [],
      domains: [],
      drains: [],
      createdAt: now(),
      updatedAt: now(),
      releasedAt: now(),
    };
    app.domains.push(this.#ownDomain(app));
    this.#store.model.apps.push(app);
    this.#route(app);
    for (const description of ["Initial release", "Enable Logplex"]) {
      await this.#releases.create(app, { description, hasPhase: false });
    }
    return app;
  }

  async rename(app: AppRecord, name: string): Promise<void> {
    if (name === app.name) return;
    this.#checkName(name);
    for (const { hostname } of app.domains) this.#runtime.router.unroute(hostname);
    app.name = name;
    app.host = hostFor(name);
    app.domains = [this.#ownDomain(app), ...app.domains.filter(({ kind }) => kind === "custom")];
    this.#route(app);
    await this.#changed(app);
  }

  async setMaintenance(app: AppRecord, on: boolean): Promise<void> {
    app.maintenance = on;
    this.#runtime.router.maintenance(app.id, on);
    await this.#changed(app);
  }

  async addDomain(app: AppRecord, hostname: string): Promise<DomainRecord> {
    const everywhere = this.#store.model.apps.flatMap(({ domains }) => domains);
    if (everywhere.some((domain) => domain.hostname === hostname)) {
      throw invalidParams(`Domain already added to an app: ${hostname}`);
    }
    const target = `${randomBytes(10).toString("hex")}.${this.#options.dnsZone}`;
    const domain: DomainRecord = {
      id: randomUUID(),
      hostname,
      kind: "custom",
      cname: target,
      createdAt: now(),
    };
    app.domains.push(domain);
    this.#runtime.router.route(hostname, { app: app.id, type: "web" });
    await this.#changed(app);
    return domain;
  }

  async removeDomain(app: AppRecord, domain: DomainRecord): Promise<void> {
    if (domain.kind === "heroku") throw invalidParams("The app's own domain can't be removed.");
    app.domains = app.domains.filter(({ id }) => id !== domain.id);
    this.#runtime.router.unroute(domain.hostname);
    await this.#changed(app);
  }

  async destroy(app: AppRecord): Promise<void> {
    const { model } = this.#store;
    model.apps = model.apps.filter((other) => other !== app);
    for (const { hostname } of app.domains) this.#runtime.router.unroute(hostname);
    this.drains.stop(app);
    this.#oneOffs.stop(app);
    await this.#runtime.supervisor.remove(app.id);
    for (const addon of model.addons.filter(({ appId }) => appId === app.id))
      await this.#addons.destroy(addon);
    model.attachments = model.attachments.filter(({ appId }) => appId !== app.id);
    await this.#store.save();
    await this.#releases.idle(app);
    // Once more: what was under way may have started dynos.
    await this.#runtime.supervisor.remove(app.id);
    this.#runtime.logs.forget(app.id);
    await removeUnused(this.#runtime.builder, model, app.slugs);
  }

  /** Sets the runtime going again from what was kept; what a stop of the provider cut off has failed. */
  async restore(): Promise<void> {
    for (const app of this.#store.model.apps) {
      for (const build of app.builds) if (build.status === "pending") build.status = "failed";
      for (const release of app.releases) if (release.status === "pending") release.status = "failed";
      this.#route(app);
      this.#runtime.router.maintenance(app.id, app.maintenance);
      this.drains.start(app);
    }
    await this.#addons.restore();
    await this.#store.save();
    await Promise.all(this.#store.model.apps.map((app) => this.#releases.apply(app)));
  }

  #route(app: AppRecord): void {
    for (const { hostname } of app.domains)
      this.#runtime.router.route(hostname, { app: app.id, type: "web" });
  }

  #ownDomain(app: AppRecord): DomainRecord {
    const hostname = `${app.host}.${this.#options.dnsZone}`;
    return { id: randomUUID(), hostname, kind: "heroku", cname: null, createdAt: now() };
  }

  #checkName(name: string): void {
    if (!namePattern.test(name)) {
      throw invalidParams(
        "Name must start with a letter, end with a letter or digit and can only contain lowercase letters, digits, and dashes.",
      );
    }
    if (this.#store.model.apps.some((other) => other.name === name))
      throw invalidParams(`Name ${name} is already taken`);
  }

  async #changed(app: AppRecord): Promise<void> {
    app.updatedAt = now();
    await this.#store.save();
  }
}

function hostFor(name: string): string {
  return `${name}-${randomBytes(6).toString("hex")}`;
}
