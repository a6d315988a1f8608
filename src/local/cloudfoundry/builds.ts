import { type Context, Hono } from "hono";
import { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import { body } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { startEnvironment } from "./environment.ts";
import { stagingInProgress, unprocessable } from "./errors.ts";
import { lifecycleSchema } from "./lifecycle.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { App, Build, Droplet } from "./model.ts";

const createSchema = z.strictObject({
  package: z.strictObject({ guid: z.string() }),
  lifecycle: lifecycleSchema.optional(),
  staging_memory_in_mb: z.int().optional(),
  staging_disk_in_mb: z.int().optional(),
  staging_log_rate_limit_bytes_per_second: z.int().optional(),
  metadata: metadataSchema.optional(),
});

function presentBuild(cloud: Cloud, build: Build): object {
  return {
    ...presentHead(build),
    state: build.state,
    error: build.error ?? null,
    staging_memory_in_mb: 1024,
    staging_disk_in_mb: 4096,
    staging_log_rate_limit_bytes_per_second: -1,
    lifecycle: build.lifecycle,
    package: { guid: build.package },
    droplet: build.droplet === undefined ? null : { guid: build.droplet },
    relationships: { app: toOne(build.app) },
    created_by: { guid: "", name: cloud.options.credentials.username, email: "" },
    ...presentMetadata(build),
    links: { self: link(cloud, `/v3/builds/${build.guid}`), app: link(cloud, `/v3/apps/${build.app}`) },
  };
}

/** Builds a package; what the build says goes to the app's log under `STG`. */
async function stage(cloud: Cloud, app: App, build: Build): Promise<void> {
  const say = (text: string, stream: "out" | "err" = "out") =>
    cloud.logs.append(app.guid, "STG/0", text, stream);
  try {
    const bits = await cloud.bits.read(build.package);
    const slug = await cloud.runtime.builder.build(bits, {
      env: await startEnvironment(cloud, app),
      onOutput: (line) => say(line),
    });
    const droplet: Droplet = {
      ...resource(cloud),
      app: app.guid,
      package: build.package,
      processTypes: slug.processTypes,
      buildpack: slug.buildpack,
      stack: build.lifecycle.data.stack ?? "cflinuxfs4",
      slug: slug.id,
      sizeBytes: slug.sizeBytes,
    };
    cloud.model.droplets[droplet.guid] = droplet;
    build.droplet = droplet.guid;
    build.state = "STAGED";
  } catch (error) {
    for (const line of messageOf(error).split("\n")) say(line, "err");
    build.state = "FAILED";
    build.error = "BuildpackCompileFailed - App staging failed in the buildpack compile phase";
  }
  touch(cloud, build);
}

export function builds(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const listed = (c: Context, items: readonly Build[]) =>
    list(c, cloud, items, {
      filters: {
        app_guids: by((build) => build.app),
        package_guids: by((build) => build.package),
        states: by((build) => build.state),
      },
      present: (build) => presentBuild(cloud, build),
    });

  hono.get("/v3/builds", (c) => listed(c, Object.values(model.builds)));
  hono.get("/v3/apps/:guid/builds", (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return listed(
      c,
      Object.values(model.builds).filter((build) => build.app === app.guid),
    );
  });
  hono.post("/v3/builds", async (c) => {
    const input = await body(c, createSchema);
    const item = model.packages[input.package.guid];
    if (item === undefined) {
      throw unprocessable("Unable to use package. Ensure that the package exists and you have access to it.");
    }
    if (item.state !== "READY") throw unprocessable("Cannot stage package whose state is not ready.");
    const staging = Object.values(model.builds).some(
      (other) => other.app === item.app && other.state === "STAGING",
    );
    if (staging) throw stagingInProgress();
    const app = find(model.apps, item.app, "App");
    const build: Build = {
      ...resource(cloud),
      app: app.guid,
      package: item.guid,
      lifecycle: app.lifecycle,
      state: "STAGING",
      error: undefined,
      droplet: undefined,
    };
    mergeMetadata(build, input.metadata);
    model.builds[build.guid] = build;
    cloud.save();
    if (item.type === "docker") {
      build.state = "FAILED";
      build.error = "StagingError - Staging error: this Cloud Foundry runs no container images";
      touch(cloud, build);
    } else {
      cloud.background(stage(cloud, app, build));
    }
    return c.json(presentBuild(cloud, build), 201);
  });
  hono.get("/v3/builds/:guid", (c) =>
    c.json(presentBuild(cloud, find(model.builds, c.req.param("guid"), "Build"))),
  );
  return hono;
}
