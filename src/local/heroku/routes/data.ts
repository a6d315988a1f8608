import { type Context, Hono } from "hono";
import { z } from "zod";
import { bodyOf } from "../http/body.ts";
import { notFound } from "../http/error.ts";
import type { AddonRecord } from "../model.ts";
import type { HerokuPlatform } from "../platform.ts";

const rotation = z.strictObject({ forced: z.boolean().nullish() });
const defaultCredential = "default";

/** The data host's part that clients use: what a database is, and the rotation of its credentials. */
export function dataRoutes(platform: HerokuPlatform): Hono {
  const { store, addons, options } = platform;
  const api = new Hono();

  const databaseOf = (context: Context): AddonRecord => {
    const addon = store.addon(context.req.param("database") ?? "");
    if (addon.service !== "heroku-postgresql") throw notFound("database");
    return addon;
  };

  api.get("/client/v11/databases/:database", async (context) => {
    const addon = databaseOf(context);
    const values = {
      Plan: addon.plan.split(":")[1] ?? "",
      Status: addon.state === "provisioned" ? "Available" : "Provisioning",
      "Fork/Follow": "Unsupported",
      Rollback: "Unsupported",
    };
    return context.json({
      addon_id: addon.id,
      name: addon.name,
      formation: { id: addon.id, primary: null },
      info: Object.entries(values).map(([name, value]) => ({ name, values: [value] })),
      plan: addon.plan.split(":")[1] ?? "",
      resource_url: addon.url,
      "waiting?": addon.state !== "provisioned",
    });
  });

  api.get("/client/v11/databases/:database/wait_status", (context) => {
    const isWaiting = databaseOf(context).state !== "provisioned";
    return context.json({
      "waiting?": isWaiting,
      "error?": false,
      message: isWaiting ? "provisioning" : "available",
    });
  });

  api.get("/postgres/v0/databases/:database/credentials", (context) => {
    const addon = databaseOf(context);
    return context.json([{ uuid: addon.id, name: defaultCredential, state: "active", database: addon.name }]);
  });

  api.get("/postgres/v0/databases/:database/credentials/:credential", async (context) => {
    const addon = databaseOf(context);
    if (context.req.param("credential") !== defaultCredential) throw notFound("credential");
    const { database, host, port, user, password } = await addons.database(addon);
    const credentials = [{ user, password, state: "active" }];
    return context.json({
      uuid: addon.id,
      name: defaultCredential,
      state: "active",
      database,
      host,
      port,
      credentials,
    });
  });

  const rotate = async (context: Context): Promise<Response> => {
    const addon = databaseOf(context);
    const credential = context.req.param("credential") ?? defaultCredential;
    if (credential !== defaultCredential) throw notFound("credential");
    await bodyOf(context, rotation);
    await addons.rotate(addon);
    return context.json({ message: `Rotating ${credential} on ${addon.name}.`, url: options.url });
  };
  api.post("/postgres/v0/databases/:database/credentials_rotation", rotate);
  api.post("/postgres/v0/databases/:database/credentials/:credential/credentials_rotation", rotate);

  return api;
}
