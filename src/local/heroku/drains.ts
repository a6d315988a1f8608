import { randomUUID } from "node:crypto";
import type { Runtime } from "../runtime/contract.ts";
import { invalidParams, notFound } from "./http/error.ts";
import type { AppRecord, DrainRecord } from "./model.ts";
import { now, type Store } from "./store.ts";

/** Per app (Dev Center, "Limits"). */
const mostDrains = 5;

/** Where the apps' log lines are sent. */
export class Drains {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #stops = new Map<string, () => void>();

  constructor(runtime: Runtime, store: Store) {
    this.#runtime = runtime;
    this.#store = store;
  }

  async add(app: AppRecord, url: string): Promise<DrainRecord> {
    if (!/^(syslog|syslog\+tls|https|http):\/\/[^/]/.test(url)) throw invalidParams("Url is invalid");
    if (app.drains.some((drain) => drain.url === url)) throw invalidParams("Url has already been taken");
    if (app.drains.length >= mostDrains) throw invalidParams(`An app can have ${mostDrains} log drains.`);
    const drain: DrainRecord = { id: randomUUID(), url, token: `d.${randomUUID()}`, createdAt: now() };
    app.drains.push(drain);
    this.#start(app, drain);
    await this.#store.save();
    return drain;
  }

  /** By id, URL or token. */
  find(app: AppRecord, identity: string): DrainRecord {
    const found = app.drains.find(({ id, url, token }) => [id, url, token].includes(identity));
    if (found === undefined) throw notFound("log_drain");
    return found;
  }

  async remove(app: AppRecord, drain: DrainRecord): Promise<void> {
    app.drains = app.drains.filter(({ id }) => id !== drain.id);
    this.#stop(drain);
    await this.#store.save();
  }

  start(app: AppRecord): void {
    for (const drain of app.drains) this.#start(app, drain);
  }

  stop(app: AppRecord): void {
    for (const drain of app.drains) this.#stop(drain);
  }

  #start(app: AppRecord, drain: DrainRecord): void {
    this.#stops.set(drain.id, this.#runtime.logs.drain(app.id, drain.url, drain.token));
  }

  #stop(drain: DrainRecord): void {
    this.#stops.get(drain.id)?.();
    this.#stops.delete(drain.id);
  }
}
