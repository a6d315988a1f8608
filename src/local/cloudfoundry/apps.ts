import { type Context, Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { notUnique, unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { lifecycleSchema, mergeLifecycle } from "./lifecycle.ts";
import { by, checkQuery, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { App, Space } from "./model.ts";
import { presentOrganization } from "./organizations.ts";
import { newProcess } from "./process-model.ts";
import { removeApp } from "./removal.ts";
import { presentSpace } from "./spaces.ts";
import { variablesSchema } from "./variables.ts";

const createSchema = z.strictObject({
  name: z.string().min(1).max(255),
  relationships: z.strictObject({ space: toOneSchema }),
  environment_variables: variablesSchema.optional(),
  lifecycle: lifecycleSchema.optional(),
  metadata: metadataSchema.optional(),
});
const updateSchema = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  lifecycle: lifecycleSchema.optional(),
  metadata: metadataSchema.optional(),
});

function presentApp(cloud: Cloud, app: App): object {
  const path = `/v3/apps/${app.guid}`;
  const to = (part: string, method?: string) => link(cloud, `${path}/${part}`, method);
  return {
    ...presentHead(app),
    name: app.name,
    state: app.state,
    lifecycle: app.lifecycle,
    relationships: { space: toOne(app.space), current_droplet: toOne(app.droplet) },
    ...presentMetadata(app),
    links: {
      self: link(cloud, path),
      environment_variables: to("environment_variables"),
      space: link(cloud, `/v3/spaces/${app.space}`),
      processes: to("processes"),
      packages: to("packages"),
      current_droplet: to("droplets/current"),
      droplets: to("droplets"),
      tasks: to("tasks"),
      start: to("actions/start", "POST"),
      stop: to("actions/stop", "POST"),
      features: to("features"),
    },
  };
}

function includedFor(cloud: Cloud, apps: readonly App[], include: readonly string[]): object | undefined {
  const found: Record<string, object[]> = {};
  const spaces = [...new Set(apps.map((app) => app.space))].map((guid) =>
    find<Space>(cloud.model.spaces, guid, "Space"),
  );
  if (include.includes("space") || include.includes("space.organization")) {
    found.spaces = spaces.map((space) => presentSpace(cloud, space));
  }
  if (include.includes("space.organization") || include.includes("org")) {
    found.organizations = [...new Set(spaces.map((space) => space.organization))].map((guid) =>
      presentOrganization(cloud, find(cloud.model.organizations, guid, "Organization")),
    );
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

/** Makes an app with its web process, which has the app's own guid. */
export function makeApp(cloud: Cloud, name: string, space: string): App {
  const { model } = cloud;
  if (Object.values(model.apps).some((app) => app.space === space && app.name === name)) {
    throw notUnique(`App with the name '${name}' already exists.`);
  }
  const app: App = {
    ...resource(cloud),
    name,
    space,
    state: "STOPPED",
    lifecycle: { type: "buildpack", data: { buildpacks: [], stack: "cflinuxfs4" } },
    environment: {},
    droplet: undefined,
    features: { ssh: true, revisions: false },
    tasks: 0,
    running: undefined,
  };
  model.apps[app.guid] = app;
  newProcess(cloud, app, "web", app.guid);
  cloud.logs.follow(app.guid);
  cloud.save();
  return app;
}

export function apps(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const appOf = (c: Context) => find(model.apps, c.req.param("guid"), "App");

  hono.get("/v3/apps", (c) =>
    list(c, cloud, Object.values(model.apps), {
      filters: {
        names: by((app) => app.name),
        space_guids: by((app) => app.space),
        organization_guids: by((app) => model.spaces[app.space]?.organization),
        stacks: by((app) => app.lifecycle.data.stack ?? ""),
        lifecycle_type: by((app) => app.lifecycle.type),
      },
      orders: { name: (app) => app.name, state: (app) => app.state },
      also: ["include"],
      present: (app) => presentApp(cloud, app),
      included: (found, include) => includedFor(cloud, found, include),
    }),
  );

  hono.post("/v3/apps", async (c) => {
    const input = await body(c, createSchema);
    const space = input.relationships.space.data.guid;
    if (model.spaces[space] === undefined) {
      throw unprocessable("Invalid space. Ensure that the space exists and you have access to it.");
    }
    const app = makeApp(cloud, input.name, space);
    app.environment = { ...input.environment_variables };
    mergeLifecycle(app, input.lifecycle);
    mergeMetadata(app, input.metadata);
    return c.json(presentApp(cloud, app), 201);
  });

  hono.get("/v3/apps/:guid", (c) => {
    const app = appOf(c);
    const include = checkQuery(c, ["include"]).get("include")?.split(",") ?? [];
    const included = includedFor(cloud, [app], include);
    return c.json({ ...presentApp(cloud, app), ...(included === undefined ? {} : { included }) });
  });

  hono.patch("/v3/apps/:guid", async (c) => {
    const app = appOf(c);
    const input = await body(c, updateSchema);
    const taken = Object.values(model.apps).some(
      (other) => other !== app && other.space === app.space && other.name === input.name,
    );
    if (taken) throw notUnique(`App with the name '${input.name}' already exists.`);
    app.name = input.name ?? app.name;
    mergeLifecycle(app, input.lifecycle);
    mergeMetadata(app, input.metadata);
    touch(cloud, app);
    return c.json(presentApp(cloud, app));
  });

  hono.delete("/v3/apps/:guid", (c) => {
    const app = appOf(c);
    return startJob(cloud, "app.delete", () => removeApp(cloud, app));
  });

  hono.post("/v3/apps/:guid/actions/:action", async (c) => {
    const app = appOf(c);
    const action = c.req.param("action");
    if (action !== "start" && action !== "stop" && action !== "restart") return c.notFound();
    if (action === "stop") {
      app.state = "STOPPED";
      await cloud.runner.stop(app);
    } else {
      if (app.droplet === undefined) throw unprocessable("Assign a droplet before starting this app.");
      const already = action === "start" && app.state === "STARTED";
      app.state = "STARTED";
      if (!already) await cloud.runner.start(app);
    }
    touch(cloud, app);
    return c.json(presentApp(cloud, app));
  });
  return hono;
}
