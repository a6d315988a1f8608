import { type Context, Hono } from "hono";
import { z } from "zod";
import { planOf, planShape, serviceOf, serviceShape, serviceShapes } from "../catalog.ts";
import { bodyOf, identity } from "../http/body.ts";
import { invalidParams, notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import type { AddonRecord, AppRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { addonShape } from "../shapes.ts";
import { now } from "../store.ts";

const creation = z.strictObject({
  plan: identity,
  name: z.string().min(1).nullish(),
  attachment: z.object({ name: z.string().nullish() }).nullish(),
  config: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()]).transform(String)).nullish(),
  confirm: z.string().nullish(),
});

/** On a rename some clients send an empty plan. */
const change = z.strictObject({ plan: identity.nullish(), name: z.string().min(1).nullish() });

const resolution = z.strictObject({
  addon: z.string(),
  app: z.string().nullish(),
  addon_service: z.string().nullish(),
});

export function addonRoutes(platform: HerokuPlatform): Hono {
  const { store, addons } = platform;
  const api = new Hono();

  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const shape = (context: Context, addon: AddonRecord) =>
    addonShape(platform, addon, context.req.header("accept-expansion"));
  const list = (context: Context, found: readonly AddonRecord[]): Response =>
    rangeOf(
      context,
      found.map((addon) => shape(context, addon)),
      ["id", "name"],
    );
  const ofApp = (context: Context): AddonRecord => {
    const app = appOf(context);
    const asked = context.req.param("addon") ?? "";
    const found = store.addonsOf(app).find(({ id, name }) => [id, name].includes(asked));
    if (found === undefined) throw notFound("add_on");
    return found;
  };

  api.get("/addons", (context) => list(context, store.model.addons));
  api.get("/addons/:addon", (context) =>
    context.json(shape(context, store.addon(context.req.param("addon")))),
  );
  api.get("/apps/:app/addons", (context) => list(context, store.addonsOf(appOf(context))));
  api.get("/apps/:app/addons/:addon", (context) => context.json(shape(context, ofApp(context))));

  api.post("/apps/:app/addons", async (context) => {
    const app = appOf(context);
    const asked = await bodyOf(context, creation);
    const addon = await addons.create(app, {
      plan: asked.plan,
      name: asked.name ?? undefined,
      attachment: asked.attachment?.name ?? undefined,
      config: asked.config ?? {},
    });
    return context.json(shape(context, addon), 201);
  });

  api.patch("/apps/:app/addons/:addon", async (context) => {
    const addon = ofApp(context);
    const asked = await bodyOf(context, change);
    if (asked.plan) {
      const { service, plan } = planOf(asked.plan);
      if (service.name !== addon.service)
        throw invalidParams("An add-on can't change to another service's plan.");
      addon.plan = plan;
    }
    if (asked.name) {
      if (store.model.addons.some(({ id, name }) => name === asked.name && id !== addon.id)) {
        throw invalidParams("Name is already taken");
      }
      addon.name = asked.name;
    }
    addon.updatedAt = now();
    await store.save();
    return context.json(shape(context, addon));
  });

  api.delete("/apps/:app/addons/:addon", async (context) => {
    const addon = ofApp(context);
    if (addon.appId !== appOf(context).id) throw invalidParams("The add-on belongs to another app.");
    const gone = { ...shape(context, addon), state: "deprovisioned" };
    await addons.destroy(addon);
    return context.json(gone);
  });

  api.get("/addons/:addon/config", (context) => {
    const { config } = store.addon(context.req.param("addon"));
    return context.json(Object.entries(config).map(([name, value]) => ({ name, value })));
  });

  api.post("/actions/addons/resolve", async (context) => {
    const asked = await bodyOf(context, resolution);
    const app = asked.app ? store.app(asked.app) : undefined;
    const attached =
      app &&
      store.attachmentsOf(app).find(({ name }) => name === asked.addon || `${name}_URL` === asked.addon);
    const found = store.model.addons.filter(
      ({ id, name, service, plan }) =>
        [id, name].includes(asked.addon) ||
        id === attached?.addonId ||
        (app !== undefined &&
          store.addonsOf(app).some((addon) => addon.id === id) &&
          [service, plan].includes(asked.addon)),
    );
    const wanted = found.filter(({ service }) => !asked.addon_service || service === asked.addon_service);
    if (wanted.length === 0) throw notFound("add_on");
    return context.json(wanted.map((addon) => shape(context, addon)));
  });

  return api;
}

/** The catalogue: read without logging in. */
export function catalogRoutes(): Hono {
  const api = new Hono();
  api.get("/addon-services", (context) => rangeOf(context, serviceShapes(), ["name", "id"]));
  api.get("/addon-services/:service", (context) =>
    context.json(serviceShape(serviceOf(context.req.param("service")))),
  );
  api.get("/addon-services/:service/plans", (context) => {
    const service = serviceOf(context.req.param("service"));
    const plans = service.plans.map((plan) => planShape(service, `${service.name}:${plan}`));
    return rangeOf(context, plans, ["name", "id"]);
  });
  api.get("/plans/:plan", (context) => {
    const { service, plan } = planOf(context.req.param("plan"));
    return context.json(planShape(service, plan));
  });
  return api;
}
