import { type Context, Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, found, link, toOne, touch } from "./cloud.ts";
import { activeDeployment } from "./deployment-model.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { App, Droplet } from "./model.ts";
import { addProcesses } from "./process-model.ts";
import { removeSlug } from "./removal.ts";

/** `heroku/nodejs` is `nodejs_buildpack` here. */
const buildpackName = (name: string) => `${name.replace(/^.*\//, "")}_buildpack`;

function presentDroplet(cloud: Cloud, droplet: Droplet): object {
  const path = `/v3/droplets/${droplet.guid}`;
  return {
    ...presentHead(droplet),
    state: "STAGED",
    error: null,
    lifecycle: { type: "buildpack", data: {} },
    execution_metadata: "",
    process_types: droplet.processTypes,
    checksum: { type: "sha256", value: droplet.slug },
    buildpacks: [
      {
        name: buildpackName(droplet.buildpack),
        detect_output: buildpackName(droplet.buildpack),
        version: null,
        buildpack_name: buildpackName(droplet.buildpack),
      },
    ],
    stack: droplet.stack,
    image: null,
    relationships: { app: toOne(droplet.app) },
    ...presentMetadata(droplet),
    links: {
      self: link(cloud, path),
      package: link(cloud, `/v3/packages/${droplet.package}`),
      app: link(cloud, `/v3/apps/${droplet.app}`),
      assign_current_droplet: link(cloud, `/v3/apps/${droplet.app}/relationships/current_droplet`, "PATCH"),
    },
  };
}

/** Makes a droplet the one that the next start of its app takes, and makes the processes it brings. */
export function assignDroplet(cloud: Cloud, app: App, guid: string): void {
  const droplet = cloud.model.droplets[guid];
  if (droplet === undefined || droplet.app !== app.guid) {
    throw unprocessable(
      "Unable to assign current droplet. Ensure the droplet exists and belongs to this app.",
    );
  }
  app.droplet = guid;
  addProcesses(cloud, app, Object.keys(droplet.processTypes));
  touch(cloud, app);
}

export function droplets(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const appOf = (c: Context) => find(model.apps, c.req.param("guid"), "App");
  const dropletOf = (c: Context) => find(model.droplets, c.req.param("guid"), "Droplet");
  const listed = (c: Context, items: readonly Droplet[], also: readonly string[] = []) =>
    list(c, cloud, items, {
      filters: {
        app_guids: by((droplet) => droplet.app),
        states: by(() => "STAGED"),
        space_guids: by((droplet) => model.apps[droplet.app]?.space),
      },
      also,
      present: (droplet) => presentDroplet(cloud, droplet),
    });

  hono.get("/v3/droplets", (c) => listed(c, Object.values(model.droplets)));
  hono.get("/v3/apps/:guid/droplets", (c) => {
    const app = appOf(c);
    const current = c.req.query("current") === "true";
    const own = Object.values(model.droplets).filter((droplet) => droplet.app === app.guid);
    return listed(c, current ? own.filter((droplet) => droplet.guid === app.droplet) : own, ["current"]);
  });
  hono.get("/v3/packages/:guid/droplets", (c) => {
    const item = find(model.packages, c.req.param("guid"), "Package");
    return listed(
      c,
      Object.values(model.droplets).filter((droplet) => droplet.package === item.guid),
    );
  });
  hono.get("/v3/droplets/:guid", (c) => c.json(presentDroplet(cloud, dropletOf(c))));
  hono.patch("/v3/droplets/:guid", async (c) => {
    const droplet = dropletOf(c);
    const input = await body(c, z.strictObject({ metadata: metadataSchema.optional() }));
    mergeMetadata(droplet, input.metadata);
    touch(cloud, droplet);
    return c.json(presentDroplet(cloud, droplet));
  });
  hono.delete("/v3/droplets/:guid", (c) => {
    const droplet = dropletOf(c);
    const app = model.apps[droplet.app];
    if (app?.droplet === droplet.guid || app?.running?.droplet === droplet.guid) {
      throw unprocessable("The droplet is currently used");
    }
    return startJob(cloud, "droplet.delete", async () => {
      delete model.droplets[droplet.guid];
      await removeSlug(cloud, droplet.slug);
    });
  });

  hono.get("/v3/apps/:guid/droplets/current", (c) => {
    const app = appOf(c);
    const current = app.droplet === undefined ? undefined : model.droplets[app.droplet];
    return c.json(presentDroplet(cloud, found(current, "Droplet")));
  });
  hono.get("/v3/apps/:guid/relationships/current_droplet", (c) => {
    const app = appOf(c);
    found(app.droplet, "Droplet");
    return c.json(toOne(app.droplet));
  });
  hono.patch("/v3/apps/:guid/relationships/current_droplet", async (c) => {
    const app = appOf(c);
    const input = await body(c, toOneSchema);
    if (activeDeployment(cloud, app) !== undefined) {
      throw unprocessable("Cannot assign a droplet during a deployment.");
    }
    assignDroplet(cloud, app, input.data.guid);
    return c.json({
      ...toOne(app.droplet),
      links: {
        self: link(cloud, `/v3/apps/${app.guid}/relationships/current_droplet`),
        related: link(cloud, `/v3/apps/${app.guid}/droplets/current`),
      },
    });
  });
  return hono;
}
