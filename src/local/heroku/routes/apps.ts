import { Hono } from "hono";
import { z } from "zod";
import { regions, stacks } from "../catalog.ts";
import { bodyOf, identity } from "../http/body.ts";
import { notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { HerokuPlatform } from "../platform.ts";
import { accountRef, appShape } from "../shapes.ts";
import { now } from "../store.ts";

const region = identity.pipe(z.enum(regions));
const stack = identity.pipe(z.enum(stacks));

const creation = z.strictObject({
  name: z.string().nullish(),
  region: region.nullish(),
  stack: stack.nullish(),
  feature_flags: z.array(z.string()).nullish(),
});

/** There is one account without teams and spaces here, so naming one is answered as for one that isn't there. */
const teamCreation = creation.extend({
  team: identity.nullish(),
  organization: identity.nullish(),
  space: identity.nullish(),
  personal: z.boolean().nullish(),
  locked: z.boolean().nullish(),
  internal_routing: z.boolean().nullish(),
  kernel: z.boolean().nullish(),
});

const change = z.strictObject({
  name: z.string().optional(),
  maintenance: z.boolean().optional(),
  build_stack: stack.optional(),
});

export function appRoutes(platform: HerokuPlatform): Hono {
  const { apps, store } = platform;
  const api = new Hono();

  for (const path of ["/apps", "/users/~/apps"]) {
    api.get(path, (context) => {
      const shapes = store.model.apps.map((app) => appShape(platform, app));
      return rangeOf(context, shapes, ["name", "id", "updated_at"]);
    });
  }

  api.post("/apps", async (context) => {
    const asked = await bodyOf(context, creation);
    const app = await apps.create({
      name: asked.name ?? undefined,
      region: asked.region ?? undefined,
      stack: asked.stack ?? undefined,
    });
    return context.json(appShape(platform, app), 201);
  });

  api.post("/teams/apps", async (context) => {
    const asked = await bodyOf(context, teamCreation);
    if (asked.space) throw notFound("space");
    if (asked.team ?? asked.organization) throw notFound("team");
    const app = await apps.create({
      name: asked.name ?? undefined,
      region: asked.region ?? undefined,
      stack: asked.stack ?? undefined,
    });
    return context.json(appShape(platform, app), 201);
  });

  api.get("/apps/:app", (context) => context.json(appShape(platform, store.app(context.req.param("app")))));

  api.patch("/apps/:app", async (context) => {
    const app = store.app(context.req.param("app"));
    const asked = await bodyOf(context, change);
    if (asked.name !== undefined) await apps.rename(app, asked.name);
    if (asked.build_stack !== undefined) app.buildStack = asked.build_stack;
    if (asked.maintenance !== undefined) await apps.setMaintenance(app, asked.maintenance);
    app.updatedAt = now();
    await store.save();
    return context.json(appShape(platform, app));
  });

  api.delete("/apps/:app", async (context) => {
    const app = store.app(context.req.param("app"));
    const shape = appShape(platform, app);
    await apps.destroy(app);
    return context.json(shape);
  });

  api.on(["POST", "DELETE"], "/apps/:app/acm", async (context) => {
    const app = store.app(context.req.param("app"));
    app.acm = context.req.method === "POST";
    await store.save();
    return context.json(appShape(platform, app));
  });

  api.get("/apps/:app/collaborators", (context) => {
    const app = store.app(context.req.param("app"));
    const user = accountRef(platform);
    const owner = { id: user.id, app: { id: app.id, name: app.name }, role: "owner", user, permissions: [] };
    return context.json([{ ...owner, created_at: app.createdAt, updated_at: app.createdAt }]);
  });

  api.get("/apps/:app/pipeline-couplings", (context) => {
    store.app(context.req.param("app"));
    throw notFound("pipeline_coupling");
  });

  return api;
}
