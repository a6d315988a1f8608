import { type Context, Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, toOne, touch } from "./cloud.ts";
import { cancel, deploy } from "./deployment-model.ts";
import { assignDroplet } from "./droplets.ts";
import { unprocessable } from "./errors.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Deployment } from "./model.ts";

const createSchema = z.strictObject({
  relationships: z.strictObject({ app: toOneSchema }),
  droplet: z.strictObject({ guid: z.string() }).nullable().optional(),
  strategy: z.enum(["rolling", "canary"]).default("rolling"),
  options: z.strictObject({ max_in_flight: z.int().positive().optional() }).optional(),
  metadata: metadataSchema.optional(),
});

function presentDeployment(cloud: Cloud, deployment: Deployment): object {
  const path = `/v3/deployments/${deployment.guid}`;
  return {
    ...presentHead(deployment),
    state:
      deployment.reason === "CANCELED"
        ? "CANCELED"
        : deployment.value === "ACTIVE"
          ? "DEPLOYING"
          : "DEPLOYED",
    status: {
      value: deployment.value,
      reason: deployment.reason,
      details: {
        last_healthy_at: deployment.statusChangedAt,
        last_status_change: deployment.statusChangedAt,
      },
    },
    strategy: deployment.strategy,
    options: { max_in_flight: deployment.maxInFlight },
    droplet: { guid: deployment.droplet },
    previous_droplet: deployment.previousDroplet === undefined ? null : { guid: deployment.previousDroplet },
    new_processes: [{ guid: deployment.newProcess, type: "web" }],
    revision: null,
    relationships: { app: toOne(deployment.app) },
    ...presentMetadata(deployment),
    links: {
      self: link(cloud, path),
      app: link(cloud, `/v3/apps/${deployment.app}`),
      cancel: link(cloud, `${path}/actions/cancel`, "POST"),
    },
  };
}

export function deployments(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const deploymentOf = (c: Context) => find(model.deployments, c.req.param("guid"), "Deployment");

  hono.get("/v3/deployments", (c) =>
    list(c, cloud, Object.values(model.deployments), {
      filters: {
        app_guids: by((item) => item.app),
        status_values: by((item) => item.value),
        status_reasons: by((item) => item.reason),
        states: by((item) => (item.value === "ACTIVE" ? "DEPLOYING" : "DEPLOYED")),
      },
      present: (item) => presentDeployment(cloud, item),
    }),
  );
  hono.post("/v3/deployments", async (c) => {
    const input = await body(c, createSchema);
    if (input.strategy === "canary") throw unprocessable("Strategy 'canary' is not supported here");
    const app = model.apps[input.relationships.app.data.guid];
    if (app === undefined)
      throw unprocessable("Unable to use app. Ensure that the app exists and you have access to it.");
    const droplet = input.droplet?.guid ?? app.droplet;
    if (droplet === undefined)
      throw unprocessable(
        "Invalid droplet. Please specify a droplet in the request or set a current droplet for the app.",
      );
    const before = app.droplet;
    assignDroplet(cloud, app, droplet);
    app.droplet = before;
    const deployment = deploy(cloud, app, droplet, {
      strategy: input.strategy,
      maxInFlight: input.options?.max_in_flight ?? 1,
    });
    mergeMetadata(deployment, input.metadata);
    cloud.save();
    return c.json(presentDeployment(cloud, deployment), 201);
  });
  hono.get("/v3/deployments/:guid", (c) => c.json(presentDeployment(cloud, deploymentOf(c))));
  hono.patch("/v3/deployments/:guid", async (c) => {
    const deployment = deploymentOf(c);
    const input = await body(c, z.strictObject({ metadata: metadataSchema.optional() }));
    mergeMetadata(deployment, input.metadata);
    touch(cloud, deployment);
    return c.json(presentDeployment(cloud, deployment));
  });
  hono.post("/v3/deployments/:guid/actions/:action", (c) => {
    const deployment = deploymentOf(c);
    const action = c.req.param("action");
    if (action !== "cancel" && action !== "continue") return c.notFound();
    if (action === "continue") throw unprocessable("Cannot continue a deployment that is not paused");
    if (deployment.value !== "ACTIVE") {
      throw unprocessable(`Cannot cancel a ${deployment.reason} deployment`);
    }
    if (deployment.reason !== "CANCELING") cancel(cloud, deployment);
    return c.body(null, 200);
  });
  return hono;
}
