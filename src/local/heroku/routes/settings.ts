import { type Context, Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../../base/json.ts";
import { idFor } from "../catalog.ts";
import { bodyOf } from "../http/body.ts";
import { notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { now } from "../store.ts";

const buildpackChange = z.strictObject({
  updates: z.array(z.strictObject({ buildpack: z.string().min(1) })),
});
const featureChange = z.strictObject({ enabled: z.boolean() });

/** Features that change something here; the real platform has more. */
const knownFeatures: Readonly<Record<string, string>> = {
  preboot: "New web dynos are up before the old ones stop.",
};

function buildpackShapes(app: AppRecord): readonly JsonObject[] {
  return app.buildpacks.map((url, ordinal) => ({ ordinal, buildpack: { name: url, url } }));
}

function featureShape(app: AppRecord, name: string): JsonObject {
  return {
    id: idFor("feature", name),
    name,
    description: knownFeatures[name] ?? "",
    display_name: name,
    doc_url: "",
    enabled: app.features.includes(name),
    feedback_email: null,
    state: "general",
    created_at: app.createdAt,
    updated_at: app.updatedAt,
  };
}

/** What an app has beside its config: buildpacks and features. */
export function settingRoutes(platform: HerokuPlatform): Hono {
  const { store, releases } = platform;
  const api = new Hono();
  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const featureOf = (context: Context): string => {
    const name = context.req.param("feature") ?? "";
    if (!(name in knownFeatures)) throw notFound("feature");
    return name;
  };

  api.get("/apps/:app/buildpack-installations", (context) => context.json(buildpackShapes(appOf(context))));

  api.put("/apps/:app/buildpack-installations", async (context) => {
    const app = appOf(context);
    const { updates } = await bodyOf(context, buildpackChange);
    app.buildpacks = updates.map(({ buildpack }) => buildpack);
    app.updatedAt = now();
    await store.save();
    return context.json(buildpackShapes(app));
  });

  api.get("/apps/:app/features", (context) => {
    const app = appOf(context);
    return rangeOf(
      context,
      Object.keys(knownFeatures).map((name) => featureShape(app, name)),
      ["name", "id"],
    );
  });

  api.get("/apps/:app/features/:feature", (context) =>
    context.json(featureShape(appOf(context), featureOf(context))),
  );

  api.patch("/apps/:app/features/:feature", async (context) => {
    const app = appOf(context);
    const name = featureOf(context);
    const { enabled } = await bodyOf(context, featureChange);
    const others = app.features.filter((feature) => feature !== name);
    app.features = enabled ? [...others, name] : others;
    await store.save();
    void releases.apply(app);
    return context.json(featureShape(app, name));
  });

  return api;
}
