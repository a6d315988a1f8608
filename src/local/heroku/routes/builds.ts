import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { stacks } from "../catalog.ts";
import { bodyOf } from "../http/body.ts";
import { notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord, BuildRecord, SlugRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { slugOf } from "../releases.ts";
import { buildShape, slugShape } from "../shapes.ts";
import { now } from "../store.ts";

const creation = z.strictObject({
  source_blob: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    version: z.string().nullish(),
    version_description: z.string().nullish(),
    checksum: z.string().nullish(),
  }),
  buildpacks: z.array(z.union([z.object({ url: z.string() }), z.object({ name: z.string() })])).nullish(),
  normalize_directory_root: z.boolean().nullish(),
});

const slugCreation = z.strictObject({
  process_types: z.record(z.string(), z.string()),
  stack: z.enum(stacks).nullish(),
  commit: z.string().nullish(),
  commit_description: z.string().nullish(),
  checksum: z.string().nullish(),
  buildpack_provided_description: z.string().nullish(),
});

export function buildRoutes(platform: HerokuPlatform): Hono {
  const { store, builds, sources } = platform;
  const api = new Hono();
  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const find = (app: AppRecord, identity: string): BuildRecord => {
    const found = app.builds.find(({ id }) => id === identity);
    if (found === undefined) throw notFound("build");
    return found;
  };

  for (const path of ["/sources", "/apps/:app/sources"]) {
    api.post(path, (context) => {
      const url = sources.create();
      return context.json({ source_blob: { get_url: url, put_url: url } }, 201);
    });
  }

  api.get("/apps/:app/builds", (context) => {
    const app = appOf(context);
    const shapes = app.builds.map((build) => buildShape(platform, app, build));
    return rangeOf(context, shapes, ["created_at", "id"]);
  });

  api.post("/apps/:app/builds", async (context) => {
    const app = appOf(context);
    const { source_blob, buildpacks } = await bodyOf(context, creation);
    const build = await builds.create(app, {
      url: source_blob.url,
      version: source_blob.version ?? null,
      checksum: source_blob.checksum ?? null,
      buildpacks: (buildpacks ?? []).map((buildpack) =>
        "url" in buildpack ? buildpack.url : buildpack.name,
      ),
    });
    return context.json(buildShape(platform, app, build), 201);
  });

  api.get("/apps/:app/builds/:build", (context) => {
    const app = appOf(context);
    return context.json(buildShape(platform, app, find(app, context.req.param("build"))));
  });

  api.post("/apps/:app/slugs", async (context) => {
    const app = appOf(context);
    const asked = await bodyOf(context, slugCreation);
    const slug: SlugRecord = {
      id: randomUUID(),
      built: null,
      processTypes: asked.process_types,
      buildpack: asked.buildpack_provided_description ?? null,
      commit: asked.commit ?? null,
      stack: asked.stack ?? app.buildStack,
      size: null,
      createdAt: now(),
    };
    app.slugs.push(slug);
    await store.save();
    return context.json(slugShape(platform, slug), 201);
  });

  api.get("/apps/:app/slugs/:slug", (context) => {
    const slug = slugOf(appOf(context), context.req.param("slug"));
    if (slug === undefined) throw notFound("slug");
    return context.json(slugShape(platform, slug));
  });

  return api;
}
