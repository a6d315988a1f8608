import { randomUUID } from "node:crypto";
import { messageOf } from "../../base/errors.ts";
import type { Runtime } from "../runtime/contract.ts";
import { specOf, syncFormation } from "./formation.ts";
import { sayAsApi } from "./log-lines.ts";
import type { AppRecord, ReleaseRecord, SlugRecord } from "./model.ts";
import type { OneOffs } from "./one-offs.ts";
import { currentRelease, newestGood, now, type Store } from "./store.ts";

/** The longest that a release command may take. */
const releasePhaseMs = 3_600_000;
/** The end of a release command's output that is kept, characters. */
const keptOutput = 200_000;

/** What a new release changes; all else is as in the one before. */
export interface ReleaseChange {
  readonly description: string;
  readonly slugId?: string;
  /** Merged into the app's own config; null removes. */
  readonly config?: Readonly<Record<string, string | null>>;
  /** Replaces the app's own config, for a rollback. */
  readonly wholeConfig?: Readonly<Record<string, string>>;
  /** Whether the release command runs first: not for what add-ons change by themselves. */
  readonly hasPhase: boolean;
}

type Contents = Pick<ReleaseRecord, "slugId" | "config">;

function contentsAfter(base: ReleaseRecord | undefined, change: ReleaseChange): Contents {
  const config = new Map(Object.entries(change.wholeConfig ?? base?.config ?? {}));
  for (const [key, value] of Object.entries(change.config ?? {})) {
    if (value === null) config.delete(key);
    else config.set(key, value);
  }
  return { slugId: change.slugId ?? base?.slugId ?? null, config: Object.fromEntries(config) };
}

/** Makes releases and brings the runtime to the one that is current; one at a time for each app, in their order. */
export class Releases {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #oneOffs: OneOffs;
  readonly #queues = new Map<string, Promise<void>>();
  readonly #applying = new Map<string, Promise<void>>();
  readonly #applied = new Map<string, ReleaseRecord>();

  constructor(runtime: Runtime, store: Store, oneOffs: OneOffs) {
    this.#runtime = runtime;
    this.#store = store;
    this.#oneOffs = oneOffs;
  }

  /** Publishes a release at once, and runs its release command and its dynos behind. */
  async create(app: AppRecord, change: ReleaseChange): Promise<ReleaseRecord> {
    const base = newestGood(app);
    const contents = contentsAfter(base, change);
    const slug = slugOf(app, contents.slugId);
    const command = change.hasPhase ? slug?.processTypes.release : undefined;
    // Not current before what it is based on: that may still fail.
    const waits = command !== undefined || base?.status === "pending";
    const release: ReleaseRecord = {
      id: randomUUID(),
      version: (app.releases.at(-1)?.version ?? 0) + 1,
      status: waits ? "pending" : "succeeded",
      description: change.description,
      ...contents,
      addonPlans: this.#store.addonsOf(app).map(({ plan }) => plan),
      output: command === undefined ? null : "",
      createdAt: now(),
      updatedAt: now(),
    };
    app.releases.push(release);
    app.updatedAt = now();
    if (slug !== undefined && slug.id !== base?.slugId) syncFormation(app, slug);
    sayAsApi(this.#runtime.logs, app.id, release.description);
    sayAsApi(this.#runtime.logs, app.id, `Release v${release.version} created`);
    await this.#store.save();
    this.#enqueue(app, () => this.#carryOut(app, release, change, base, command));
    return release;
  }

  /** Brings the dynos to the current release and formation; a release command that runs meanwhile holds nothing up. */
  async apply(app: AppRecord): Promise<void> {
    const before = this.#applying.get(app.id) ?? Promise.resolve();
    const after = before
      .then(() => this.#applyCurrent(app))
      .catch((error: unknown) => this.#failed(app, error));
    this.#applying.set(app.id, after);
    await after;
  }

  /** The release that the dynos have, which follows the current one as soon as the runtime has taken it. */
  applied(app: AppRecord): ReleaseRecord | undefined {
    return this.#applied.get(app.id);
  }

  /** Settles when nothing is under way for an app. */
  async idle(app: AppRecord): Promise<void> {
    await this.#queues.get(app.id);
  }

  #enqueue(app: AppRecord, work: () => Promise<void>): void {
    const before = this.#queues.get(app.id) ?? Promise.resolve();
    this.#queues.set(
      app.id,
      before.then(work).catch((error: unknown) => this.#failed(app, error)),
    );
  }

  #failed(app: AppRecord, error: unknown): void {
    sayAsApi(this.#runtime.logs, app.id, `The release could not be carried out: ${messageOf(error)}`);
  }

  async #carryOut(
    app: AppRecord,
    release: ReleaseRecord,
    change: ReleaseChange,
    base: ReleaseRecord | undefined,
    command: string | undefined,
  ): Promise<void> {
    if (base?.status === "failed") Object.assign(release, contentsAfter(newestBefore(app, release), change));
    if (command !== undefined && !(await this.#runPhase(app, release, command))) {
      release.status = "failed";
      release.updatedAt = now();
      const slug = slugOf(app, currentRelease(app)?.slugId ?? null);
      if (slug !== undefined) syncFormation(app, slug);
      await this.#store.save();
      return;
    }
    release.status = "succeeded";
    release.updatedAt = now();
    app.releasedAt = now();
    await this.#store.save();
    await this.apply(app);
  }

  /** Runs the release command in a one-off dyno of the new release; true when it ended with 0. */
  async #runPhase(app: AppRecord, release: ReleaseRecord, command: string): Promise<boolean> {
    const built = slugOf(app, release.slugId)?.built;
    if (built === undefined || built === null) return true;
    const { job } = this.#oneOffs.start(app, {
      type: "release",
      command,
      built,
      env: this.#store.configOf(app, release),
      timeoutMs: releasePhaseMs,
      onOutput: (text) => {
        release.output = ((release.output ?? "") + text).slice(-keptOutput);
      },
    });
    return await job.done.then(
      ({ exitCode }) => exitCode === 0,
      () => false,
    );
  }

  async #applyCurrent(app: AppRecord): Promise<void> {
    // Destroyed while this waited for its turn.
    if (!this.#store.model.apps.includes(app)) return;
    const release = currentRelease(app);
    const slug = slugOf(app, release?.slugId ?? null);
    if (release === undefined || slug?.built === undefined || slug.built === null) return;
    const spec = specOf(app, slug, slug.built, this.#store.configOf(app, release));
    await this.#runtime.supervisor.apply(
      app.id,
      spec,
      app.features.includes("preboot") ? "rolling" : "recreate",
    );
    this.#applied.set(app.id, release);
  }
}

export function slugOf(app: AppRecord, id: string | null): SlugRecord | undefined {
  return app.slugs.find((slug) => slug.id === id);
}

function newestBefore(app: AppRecord, release: ReleaseRecord): ReleaseRecord | undefined {
  return app.releases.findLast(({ status, version }) => status !== "failed" && version < release.version);
}
