import { join } from "node:path";
import type { FaceOptions } from "../face.ts";
import type { Runtime } from "../runtime/contract.ts";
import { Addons } from "./addons.ts";
import { Apps } from "./apps.ts";
import { Builds } from "./builds.ts";
import { LogSessions } from "./log-sessions.ts";
import { OneOffs } from "./one-offs.ts";
import { Releases } from "./releases.ts";
import { Sources } from "./sources.ts";
import { Store } from "./store.ts";

/** Heroku in one process: its parts, put together. The routes are only a way in. */
export interface HerokuPlatform {
  readonly runtime: Runtime;
  readonly options: FaceOptions;
  readonly store: Store;
  readonly apps: Apps;
  readonly releases: Releases;
  readonly builds: Builds;
  readonly sources: Sources;
  readonly addons: Addons;
  readonly oneOffs: OneOffs;
  readonly logSessions: LogSessions;
}

/** Restores what was kept and sets it going. */
export async function openPlatform(runtime: Runtime, options: FaceOptions): Promise<HerokuPlatform> {
  const store = await Store.open(runtime);
  const oneOffs = new OneOffs(runtime);
  const releases = new Releases(runtime, store, oneOffs);
  const sources = new Sources(join(runtime.folder, "sources"), options.url);
  const builds = new Builds(runtime, store, releases, sources);
  const addons = new Addons(runtime, store, releases);
  const apps = new Apps({ runtime, options, store, releases, addons, oneOffs });
  const logSessions = new LogSessions(runtime.logs, options.url);
  await apps.restore();
  return { runtime, options, store, apps, releases, builds, sources, addons, oneOffs, logSessions };
}
