import { type Context, Hono } from "hono";
import { z } from "zod";
import { bodyOf } from "../http/body.ts";
import { rangeOf } from "../http/range.ts";
import type { AppRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { drainShape } from "../shapes.ts";
import { now } from "../store.ts";

const sessionCreation = z.strictObject({
  dyno: z.string().nullish(),
  dyno_name: z.string().nullish(),
  type: z.string().nullish(),
  lines: z.int().nonnegative().nullish(),
  source: z.string().nullish(),
  tail: z.boolean().nullish(),
});

const drainCreation = z.strictObject({ url: z.string() });
const defaultLines = 100;

export function logRoutes(platform: HerokuPlatform): Hono {
  const { store, logSessions, apps } = platform;
  const { drains } = apps;
  const api = new Hono();
  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");

  api.post("/apps/:app/log-sessions", async (context) => {
    const app = appOf(context);
    const asked = await bodyOf(context, sessionCreation);
    const { session, url } = logSessions.create({
      appId: app.id,
      lines: asked.lines ?? defaultLines,
      tail: asked.tail ?? false,
      dyno: asked.dyno ?? asked.dyno_name ?? asked.type ?? undefined,
      source: asked.source ?? undefined,
    });
    return context.json({ id: session.id, logplex_url: url, created_at: now(), updated_at: now() }, 201);
  });

  api.get("/apps/:app/log-drains", (context) =>
    rangeOf(context, appOf(context).drains.map(drainShape), ["id", "url"]),
  );

  api.get("/apps/:app/log-drains/:drain", (context) =>
    context.json(drainShape(drains.find(appOf(context), context.req.param("drain")))),
  );

  api.post("/apps/:app/log-drains", async (context) => {
    const app = appOf(context);
    const { url } = await bodyOf(context, drainCreation);
    return context.json(drainShape(await drains.add(app, url)), 201);
  });

  api.delete("/apps/:app/log-drains/:drain", async (context) => {
    const app = appOf(context);
    const drain = drains.find(app, context.req.param("drain"));
    await drains.remove(app, drain);
    return context.json(drainShape(drain));
  });

  return api;
}
