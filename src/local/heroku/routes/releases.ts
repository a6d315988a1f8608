import { type Context, Hono } from "hono";
import { z } from "zod";
import { bodyOf } from "../http/body.ts";
import { invalidParams, notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord, ReleaseRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { slugOf } from "../releases.ts";
import { releaseShape } from "../shapes.ts";

const creation = z.union([
  z.strictObject({ slug: z.string(), description: z.string().nullish() }),
  z.strictObject({ release: z.union([z.string(), z.int()]) }),
]);

/** By id or version, with or without its `v`. */
function find(app: AppRecord, identity: string): ReleaseRecord {
  const found = app.releases.find(
    ({ id, version }) => id === identity || String(version) === identity.replace(/^v/, ""),
  );
  if (found === undefined) throw notFound("release");
  return found;
}

export function releaseRoutes(platform: HerokuPlatform): Hono {
  const { store, releases } = platform;
  const api = new Hono();
  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");

  api.get("/apps/:app/releases", (context) => {
    const app = appOf(context);
    const shapes = app.releases.map((release) => releaseShape(platform, app, release));
    return rangeOf(context, shapes, ["version", "id"]);
  });

  api.get("/apps/:app/releases/:release", (context) => {
    const app = appOf(context);
    return context.json(releaseShape(platform, app, find(app, context.req.param("release"))));
  });

  api.get("/apps/:app/releases/:release/config-vars", (context) => {
    const app = appOf(context);
    return context.json(store.configOf(app, find(app, context.req.param("release"))));
  });

  api.post("/apps/:app/releases", async (context) => {
    const app = appOf(context);
    const asked = await bodyOf(context, creation);
    if ("slug" in asked) {
      const slug = slugOf(app, asked.slug);
      if (slug === undefined) throw notFound("slug");
      if (slug.built === null) throw invalidParams("Nothing was uploaded for that slug yet.");
      const description = asked.description ?? `Deploy ${slug.commit?.slice(0, 8) ?? slug.id.slice(0, 8)}`;
      const release = await releases.create(app, { description, slugId: slug.id, hasPhase: true });
      return context.json(releaseShape(platform, app, release), 201);
    }
    const target = find(app, String(asked.release));
    const code = slugOf(app, target.slugId);
    if (target.status !== "succeeded" || code === undefined) {
      throw invalidParams(`Cannot roll back to v${target.version}: its code is gone, or it failed.`);
    }
    const release = await releases.create(app, {
      description: `Rollback to v${target.version}`,
      slugId: code.id,
      wholeConfig: target.config,
      hasPhase: true,
    });
    return context.json(releaseShape(platform, app, release), 201);
  });

  return api;
}
