import { type Context, Hono } from "hono";
import { z } from "zod";
import { body } from "./body.ts";
import { type Cloud, find, link, touch } from "./cloud.ts";
import { vcapApplication, vcapServices } from "./environment.ts";
import type { App } from "./model.ts";

const reserved = /^(PORT$|VCAP_|VMC)/;

const nameSchema = z
  .string()
  .min(1)
  .refine((name) => !reserved.test(name), {
    error: (issue) => `cannot set ${String(issue.input)}`,
  });

/** Environment variables of a new app: text only; `PORT`, `VCAP_*` and `VMC*` belong to the platform. */
export const variablesSchema = z.record(nameSchema, z.string());

/** An app's environment: changed ones show after the next start. */
export function variables(cloud: Cloud): Hono {
  const hono = new Hono();
  const appOf = (c: Context) => find(cloud.model.apps, c.req.param("guid"), "App");
  const present = (app: App) => ({
    var: app.environment,
    links: {
      self: link(cloud, `/v3/apps/${app.guid}/environment_variables`),
      app: link(cloud, `/v3/apps/${app.guid}`),
    },
  });

  hono.get("/v3/apps/:guid/environment_variables", (c) => c.json(present(appOf(c))));
  hono.patch("/v3/apps/:guid/environment_variables", async (c) => {
    const app = appOf(c);
    const input = await body(c, z.strictObject({ var: z.record(nameSchema, z.string().nullable()) }));
    app.environment = Object.fromEntries(
      Object.entries({ ...app.environment, ...input.var }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    );
    touch(cloud, app);
    return c.json(present(app));
  });
  hono.get("/v3/apps/:guid/env", async (c) => {
    const app = appOf(c);
    return c.json({
      environment_variables: app.environment,
      staging_env_json: {},
      running_env_json: {},
      system_env_json: { VCAP_SERVICES: await vcapServices(cloud, app) },
      application_env_json: { VCAP_APPLICATION: vcapApplication(cloud, app) },
    });
  });
  return hono;
}
