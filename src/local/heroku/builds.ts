import { createHash, randomUUID } from "node:crypto";
import { messageOf } from "../../base/errors.ts";
import type { Runtime } from "../runtime/contract.ts";
import { invalidParams } from "./http/error.ts";
import { sayAsApi } from "./log-lines.ts";
import type { AppRecord, BuildRecord, SlugRecord } from "./model.ts";
import type { Releases } from "./releases.ts";
import { removeUnused, takeOldSlugs } from "./slugs.ts";
import type { Sources } from "./sources.ts";
import { newestGood, now, type Store } from "./store.ts";

/** Builds of an app whose output is kept. */
const keptOutputs = 10;

export interface BuildRequest {
  readonly url: string;
  readonly version: string | null;
  readonly checksum: string | null;
  readonly buildpacks: readonly string[];
}

/** Builds slugs from sources, one at a time for each app, and releases them. */
export class Builds {
  readonly #runtime: Runtime;
  readonly #store: Store;
  readonly #releases: Releases;
  readonly #sources: Sources;
  readonly #queues = new Map<string, Promise<void>>();
  readonly #listeners = new Map<string, Set<() => void>>();

  constructor(runtime: Runtime, store: Store, releases: Releases, sources: Sources) {
    this.#runtime = runtime;
    this.#store = store;
    this.#releases = releases;
    this.#sources = sources;
  }

  async create(app: AppRecord, request: BuildRequest): Promise<BuildRecord> {
    const build: BuildRecord = {
      id: randomUUID(),
      status: "pending",
      source: { url: request.url, version: request.version, checksum: request.checksum },
      buildpacks: [...(request.buildpacks.length === 0 ? app.buildpacks : request.buildpacks)],
      stack: app.buildStack,
      slugId: null,
      releaseId: null,
      output: "",
      createdAt: now(),
      updatedAt: now(),
    };
    app.builds.push(build);
    for (const old of app.builds.slice(0, -keptOutputs)) old.output = "";
    await this.#store.save();
    const before = this.#queues.get(app.id) ?? Promise.resolve();
    const run = before
      .then(() => this.#run(app, build))
      .catch((error: unknown) =>
        sayAsApi(this.#runtime.logs, app.id, `The build's end could not be kept: ${messageOf(error)}`),
      );
    this.#queues.set(app.id, run);
    return build;
  }

  /** A build's output from an offset on, as it comes; ends with the build. */
  async *output(build: BuildRecord, from = 0): AsyncGenerator<string> {
    let at = from;
    for (;;) {
      if (build.output.length > at) {
        yield build.output.slice(at);
        at = build.output.length;
      }
      if (build.status !== "pending") return;
      await new Promise<void>((resolve) => this.#listen(build, resolve));
    }
  }

  #listen(build: BuildRecord, listener: () => void): void {
    const listeners = this.#listeners.get(build.id) ?? new Set();
    this.#listeners.set(build.id, listeners.add(listener));
  }

  #changed(build: BuildRecord): void {
    const listeners = this.#listeners.get(build.id) ?? [];
    this.#listeners.delete(build.id);
    for (const listener of listeners) listener();
  }

  async #run(app: AppRecord, build: BuildRecord): Promise<void> {
    const say = (line: string): void => {
      build.output += `${line}\n`;
      this.#changed(build);
    };
    try {
      const slug = await this.#build(app, build, say);
      if (!this.#store.model.apps.includes(app)) return await this.#forget(slug);
      app.slugs.push(slug);
      app.stack = build.stack;
      const { version } = build.source;
      const release = await this.#releases.create(app, {
        description: version === null ? "Deploy" : `Deploy ${version.slice(0, 8)}`,
        slugId: slug.id,
        hasPhase: true,
      });
      Object.assign(build, { status: "succeeded", slugId: slug.id, releaseId: release.id });
      say(`-----> Launching v${release.version}`);
    } catch (error) {
      build.status = "failed";
      say(` !     ${messageOf(error)}`);
      say(" !     Push rejected, failed to compile the app.");
    }
    build.updatedAt = now();
    this.#changed(build);
    await this.#sources.remove(build.source.url);
    await removeUnused(this.#runtime.builder, this.#store.model, takeOldSlugs(app));
    await this.#store.save();
  }

  /** The app was destroyed meanwhile: nobody else would remove what was just built. */
  async #forget(slug: SlugRecord): Promise<void> {
    await removeUnused(this.#runtime.builder, this.#store.model, [slug]);
  }

  async #build(app: AppRecord, build: BuildRecord, say: (line: string) => void): Promise<SlugRecord> {
    if (build.stack === "container") {
      throw invalidParams("Images can't be built here: this platform runs processes, not containers.");
    }
    say(`-----> Building on the ${build.stack} stack`);
    const archive = await this.#sources.read(build.source.url);
    checkSum(archive, build.source.checksum);
    const config = newestGood(app)?.config ?? {};
    const env = { ...config, ...this.#store.addonConfig(app), STACK: build.stack };
    const slug = await this.#runtime.builder.build(archive, {
      env,
      onOutput: (line) => say(`       ${line}`),
    });
    say(`-----> Discovering process types: ${Object.keys(slug.processTypes).sort().join(", ") || "none"}`);
    return {
      id: randomUUID(),
      built: slug.id,
      processTypes: { ...slug.processTypes },
      buildpack: slug.buildpack,
      commit: build.source.version,
      stack: build.stack,
      size: slug.sizeBytes,
      createdAt: now(),
    };
  }
}

/** A checksum stands as `SHA256:<hex>`. */
function checkSum(archive: Uint8Array, checksum: string | null): void {
  if (checksum === null) return;
  const [algorithm = "", wanted = ""] = checksum.split(":", 2);
  const seen = createHash("sha256").update(archive).digest("hex");
  if (algorithm.toUpperCase() !== "SHA256" || wanted.toLowerCase() !== seen) {
    throw invalidParams(`The source's checksum is SHA256:${seen}, not ${checksum}.`);
  }
}
