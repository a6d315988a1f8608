import { type Context, Hono } from "hono";
import { z } from "zod";
import { dynoSizeShapes } from "../catalog.ts";
import { changeFormation, type FormationChange } from "../formation.ts";
import { bodyOf } from "../http/body.ts";
import { invalidParams, notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import { sayAsApi } from "../log-lines.ts";
import type { AppRecord, FormationRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";
import { accountRef, formationShape } from "../shapes.ts";

const quantities = {
  quantity: z.union([z.int(), z.string()]).nullish(),
  size: z.string().nullish(),
  dyno_size: z.union([z.object({ name: z.string() }), z.object({ id: z.string() })]).nullish(),
  docker_image: z.string().optional(),
};
const single = z.strictObject(quantities);
const batch = z.strictObject({
  updates: z.array(z.strictObject({ type: z.string().regex(/^[-\w]{1,128}$/), ...quantities })),
});

function changeOf(type: string, asked: z.output<typeof single>): FormationChange {
  if (asked.docker_image !== undefined) {
    throw invalidParams("Images can't be released here: this platform runs processes, not containers.");
  }
  const named = asked.dyno_size;
  const size = asked.size ?? (named && "name" in named ? named.name : undefined);
  return { type, quantity: asked.quantity ?? undefined, size };
}

export function formationRoutes(platform: HerokuPlatform): Hono {
  const { store, releases, runtime } = platform;
  const api = new Hono();

  const change = async (
    app: AppRecord,
    changes: readonly FormationChange[],
  ): Promise<readonly FormationRecord[]> => {
    const changed = changeFormation(app, changes);
    const scaled = changed.map(({ type, quantity, size }) => `${type}@${quantity}:${size}`).join(" ");
    sayAsApi(runtime.logs, app.id, `Scaled to ${scaled} by user ${accountRef(platform).email}`);
    await store.save();
    void releases.apply(app);
    return changed;
  };

  api.get("/dyno-sizes", (context) => rangeOf(context, dynoSizeShapes(), ["name", "id"]));
  api.get("/dyno-sizes/:size", (context) => {
    const asked = context.req.param("size").toLowerCase();
    const found = dynoSizeShapes().find(
      ({ id, name }) => id === asked || String(name).toLowerCase() === asked,
    );
    if (found === undefined) throw notFound("dyno_size");
    return context.json(found);
  });

  api.get("/apps/:app/formation", (context) => {
    const app = store.app(context.req.param("app"));
    const shapes = app.formation.map((entry) => formationShape(app, entry));
    return rangeOf(context, shapes, ["type", "id"]);
  });

  api.get("/apps/:app/formation/:type", (context) => {
    const app = store.app(context.req.param("app"));
    return context.json(formationShape(app, find(app, context)));
  });

  api.patch("/apps/:app/formation", async (context) => {
    const app = store.app(context.req.param("app"));
    const { updates } = await bodyOf(context, batch);
    const changed = await change(
      app,
      updates.map(({ type, ...asked }) => changeOf(type, asked)),
    );
    return context.json(changed.map((entry) => formationShape(app, entry)));
  });

  api.patch("/apps/:app/formation/:type", async (context) => {
    const app = store.app(context.req.param("app"));
    const { type } = find(app, context);
    const asked = await bodyOf(context, single);
    await change(app, [changeOf(type, asked)]);
    return context.json(formationShape(app, find(app, context)));
  });

  return api;
}

/** By process type or id. */
function find(app: AppRecord, context: Context): FormationRecord {
  const asked = context.req.param("type");
  const found = app.formation.find(({ id, type }) => id === asked || type === asked);
  if (found === undefined) throw notFound("process_type");
  return found;
}
