import { type Context, Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../../base/json.ts";
import type { Instance } from "../../runtime/contract.ts";
import { sizeOf } from "../catalog.ts";
import { bodyOf } from "../http/body.ts";
import { invalidParams, notFound } from "../http/error.ts";
import { rangeOf } from "../http/range.ts";
import { dynoName } from "../log-lines.ts";
import type { AppRecord, ReleaseRecord } from "../model.ts";
import type { OneOffDyno } from "../one-offs.ts";
import type { HerokuPlatform } from "../platform.ts";
import { slugOf } from "../releases.ts";
import { currentRelease } from "../store.ts";

const oneOff = z.strictObject({
  command: z.string().min(1),
  attach: z.boolean().nullish(),
  env: z.record(z.string(), z.string()).nullish(),
  force_no_tty: z.boolean().nullish(),
  size: z.string().nullish(),
  type: z.string().nullish(),
  time_to_live: z.int().positive().nullish(),
});

interface DynoView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly command: string;
  readonly size: string;
  readonly state: string;
  readonly at: string;
}

function shapeOf(app: AppRecord, dyno: DynoView, release: ReleaseRecord | undefined): JsonObject {
  return {
    app: { id: app.id, name: app.name },
    attach_url: null,
    command: dyno.command,
    created_at: dyno.at,
    id: dyno.id,
    name: dyno.name,
    release: release === undefined ? null : { id: release.id, version: release.version },
    size: dyno.size,
    state: dyno.state,
    type: dyno.type,
    updated_at: dyno.at,
  };
}

function ofInstance(app: AppRecord, instance: Instance): DynoView {
  const { type, index, id, state, since } = instance;
  const slug = slugOf(app, currentRelease(app)?.slugId ?? null);
  return {
    id,
    name: dynoName(type, index),
    type,
    command: slug?.processTypes[type] ?? "",
    size: app.formation.find((entry) => entry.type === type)?.size ?? "Basic",
    state: state === "stopping" ? "down" : state,
    at: new Date(since).toISOString(),
  };
}

function ofOneOff({ id, name, type, command, size, createdAt }: OneOffDyno): DynoView {
  return { id, name, type, command, size, state: "up", at: createdAt };
}

export function dynoRoutes(platform: HerokuPlatform): Hono {
  const { store, oneOffs, releases, runtime } = platform;
  const { supervisor } = runtime;
  const api = new Hono();

  const appOf = (context: Context): AppRecord => store.app(context.req.param("app") ?? "");
  const dynosOf = (app: AppRecord): readonly DynoView[] => [
    ...supervisor.instances(app.id).map((instance) => ofInstance(app, instance)),
    ...oneOffs.of(app).map(ofOneOff),
  ];
  const shape = (app: AppRecord, dyno: DynoView): JsonObject => shapeOf(app, dyno, releases.applied(app));
  const find = (app: AppRecord, identity: string): DynoView => {
    const found = dynosOf(app).find(({ id, name }) => id === identity || name === identity);
    if (found === undefined) throw notFound("dyno");
    return found;
  };
  /** A one-off ends for good; a dyno of the formation is started again. */
  const end = async (app: AppRecord, dyno: DynoView): Promise<void> => {
    const job = oneOffs.of(app).find(({ id }) => id === dyno.id)?.job;
    if (job !== undefined) return job.stop();
    const index = Number(dyno.name.split(".").at(-1)) - 1;
    await supervisor.restart(app.id, { type: dyno.type, index });
  };
  const endType = async (context: Context): Promise<Response> => {
    const app = appOf(context);
    const type = context.req.param("type") ?? "";
    if (!app.formation.some((entry) => entry.type === type)) throw notFound("process_type");
    await supervisor.restart(app.id, { type });
    return context.json({}, 202);
  };

  api.get("/apps/:app/dynos", (context) => {
    const app = appOf(context);
    const shapes = dynosOf(app).map((dyno) => shape(app, dyno));
    return rangeOf(context, shapes, ["name", "id"]);
  });

  api.get("/apps/:app/dynos/:dyno", (context) => {
    const app = appOf(context);
    return context.json(shape(app, find(app, context.req.param("dyno"))));
  });

  api.post("/apps/:app/dynos", async (context) => {
    const app = appOf(context);
    const asked = await bodyOf(context, oneOff);
    if (asked.attach === true) {
      throw invalidParams(
        "A one-off dyno can't be attached to here. Run it detached: its output goes to the logs.",
      );
    }
    const release = currentRelease(app);
    const slug = slugOf(app, release?.slugId ?? null);
    if (slug?.built === undefined || slug.built === null)
      throw invalidParams("The app has no release with code yet.");
    const dyno = oneOffs.start(app, {
      type: asked.type ?? "run",
      command: slug.processTypes[asked.command] ?? asked.command,
      built: slug.built,
      env: { ...store.configOf(app, release), ...asked.env },
      size: sizeOf(asked.size ?? "Basic"),
      ...(asked.time_to_live ? { timeoutMs: asked.time_to_live * 1000 } : {}),
    });
    return context.json({ ...shape(app, ofOneOff(dyno)), state: "starting" }, 201);
  });

  api.delete("/apps/:app/dynos", async (context) => {
    const app = appOf(context);
    await supervisor.restart(app.id);
    return context.json({}, 202);
  });

  api.delete("/apps/:app/dynos/:dyno", async (context) => {
    const app = appOf(context);
    await end(app, find(app, context.req.param("dyno")));
    return context.json({}, 202);
  });

  api.post("/apps/:app/dynos/:dyno/actions/stop", async (context) => {
    const app = appOf(context);
    await end(app, find(app, context.req.param("dyno")));
    return context.json({}, 202);
  });

  api.delete("/apps/:app/formations/:type", endType);
  api.post("/apps/:app/formations/:type/actions/stop", endType);

  return api;
}
