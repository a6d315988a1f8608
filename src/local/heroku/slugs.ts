import type { Builder } from "../runtime/contract.ts";
import type { AppRecord, Model, SlugRecord } from "./model.ts";
import { currentRelease } from "./store.ts";

/** Releases that can be rolled back to; the code of older ones goes. */
const keptReleases = 10;

/** Takes the slugs that only old releases have out of an app. */
export function takeOldSlugs(app: AppRecord): readonly SlugRecord[] {
  const current = currentRelease(app)?.slugId;
  const kept = new Set([current, ...app.releases.slice(-keptReleases).map(({ slugId }) => slugId)]);
  // A slug that was never released may still be.
  const released = new Set(app.releases.map(({ slugId }) => slugId));
  const old = app.slugs.filter(({ id }) => released.has(id) && !kept.has(id));
  app.slugs = app.slugs.filter((slug) => !old.includes(slug));
  return old;
}

/** Removes what was built for these slugs, but for what others share: equal sources are built once. */
export async function removeUnused(
  builder: Builder,
  model: Model,
  slugs: readonly SlugRecord[],
): Promise<void> {
  const used = new Set(model.apps.flatMap((app) => app.slugs.map(({ built }) => built)));
  for (const { built } of slugs) if (built !== null && !used.has(built)) await builder.remove(built);
}
