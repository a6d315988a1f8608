import { type Context, Hono } from "hono";
import { z } from "zod";
import { messageOf } from "../../base/errors.ts";
import { provision } from "./backing.ts";
import { body, check, toOneSchema } from "./body.ts";
import { planOf } from "./catalog.ts";
import { type Cloud, find, resource, touch } from "./cloud.ts";
import { CfError, notFound, unprocessable } from "./errors.ts";
import { includedPlans, operation, presentInstance } from "./instance-present.ts";
import { startJob } from "./jobs.ts";
import { by, checkQuery, list } from "./list.ts";
import { mergeMetadata, metadataSchema } from "./metadata.ts";
import type { Operation, ServiceInstance } from "./model.ts";
import { removeInstance } from "./removal.ts";

const credentialsSchema = z.record(z.string(), z.json());
const base = {
  name: z.string().min(1).max(255),
  tags: z.array(z.string()).optional(),
  metadata: metadataSchema.optional(),
};
const managedSchema = z.strictObject({
  ...base,
  type: z.literal("managed"),
  parameters: z.json().optional(),
  relationships: z.strictObject({ space: toOneSchema, service_plan: toOneSchema }),
});
const userProvidedSchema = z.strictObject({
  ...base,
  type: z.literal("user-provided"),
  credentials: credentialsSchema.nullable().optional(),
  syslog_drain_url: z.string().nullable().optional(),
  route_service_url: z.string().nullable().optional(),
  relationships: z.strictObject({ space: toOneSchema }),
});
const managedChanges = managedSchema
  .omit({ type: true, relationships: true })
  .partial()
  .extend({
    relationships: z.strictObject({ service_plan: toOneSchema }).optional(),
  });
const userProvidedChanges = userProvidedSchema.omit({ type: true, relationships: true }).partial();

export function instances(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const instanceOf = (c: Context) => find(model.instances, c.req.param("guid"), "Service instance");
  const checkName = (name: string, space: string, except?: ServiceInstance) => {
    const taken = Object.values(model.instances).some(
      (other) => other !== except && other.space === space && other.name === name,
    );
    if (taken) throw unprocessable(`The service instance name is taken: ${name}.`);
  };
  const checkSpace = (guid: string) => {
    if (model.spaces[guid] === undefined) {
      throw unprocessable("Invalid space. Ensure that the space exists and you have access to it.");
    }
  };
  const checkPlan = (guid: string) => {
    if (planOf(guid) === undefined) {
      throw unprocessable(
        "Invalid service plan. Ensure that the service plan exists, is available, and you have access to it.",
      );
    }
  };
  const add = (
    input: z.output<typeof managedSchema> | z.output<typeof userProvidedSchema>,
    state: Operation["state"],
  ) => {
    const space = input.relationships.space.data.guid;
    checkSpace(space);
    checkName(input.name, space);
    const managed = input.type === "managed";
    if (managed) checkPlan(input.relationships.service_plan.data.guid);
    const instance: ServiceInstance = {
      ...resource(cloud),
      name: input.name,
      space,
      type: input.type,
      plan: managed ? input.relationships.service_plan.data.guid : undefined,
      tags: input.tags ?? [],
      parameters: managed ? (input.parameters ?? {}) : {},
      credentials: managed ? {} : (input.credentials ?? {}),
      syslogDrainUrl: managed ? null : (input.syslog_drain_url ?? null),
      routeServiceUrl: managed ? null : (input.route_service_url ?? null),
      lastOperation: operation(cloud, "create", state),
    };
    mergeMetadata(instance, input.metadata);
    model.instances[instance.guid] = instance;
    cloud.save();
    return instance;
  };

  hono.get("/v3/service_instances", (c) =>
    list(c, cloud, Object.values(model.instances), {
      filters: {
        names: by((item) => item.name),
        space_guids: by((item) => item.space),
        organization_guids: by((item) => model.spaces[item.space]?.organization),
        service_plan_guids: by((item) => item.plan),
        service_plan_names: by((item) => planOf(item.plan)?.name),
        type: by((item) => item.type),
      },
      orders: { name: (item) => item.name },
      also: ["fields"],
      present: (item) => presentInstance(cloud, item),
      included: (items) => (c.req.url.includes("fields") ? includedPlans(cloud, items) : undefined),
    }),
  );
  hono.post("/v3/service_instances", async (c) => {
    const raw = await body(c, z.looseObject({ type: z.enum(["managed", "user-provided"]) }));
    if (raw.type === "user-provided") {
      const instance = add(check(userProvidedSchema, raw), "succeeded");
      return c.json(presentInstance(cloud, instance), 201);
    }
    const instance = add(check(managedSchema, raw), "in progress");
    return startJob(cloud, "service_instance.create", async () => {
      try {
        await provision(cloud, instance);
        instance.lastOperation = operation(cloud, "create", "succeeded");
      } catch (error) {
        instance.lastOperation = operation(cloud, "create", "failed", messageOf(error));
        throw new CfError(502, 270003, "CF-ServiceBrokerRequestRejected", messageOf(error));
      } finally {
        touch(cloud, instance);
      }
    });
  });
  hono.get("/v3/service_instances/:guid", (c) => {
    const instance = instanceOf(c);
    const fields = [...checkQuery(c, ["fields"]).keys()].length > 0;
    const included = fields ? { included: includedPlans(cloud, [instance]) } : {};
    return c.json({ ...presentInstance(cloud, instance), ...included });
  });
  hono.patch("/v3/service_instances/:guid", async (c) => {
    const instance = instanceOf(c);
    if (instance.type === "user-provided") {
      const input = await body(c, userProvidedChanges);
      if (input.name !== undefined) checkName(input.name, instance.space, instance);
      instance.name = input.name ?? instance.name;
      instance.tags = input.tags ?? instance.tags;
      if (input.credentials !== undefined) instance.credentials = input.credentials ?? {};
      if (input.syslog_drain_url !== undefined) instance.syslogDrainUrl = input.syslog_drain_url;
      if (input.route_service_url !== undefined) instance.routeServiceUrl = input.route_service_url;
      mergeMetadata(instance, input.metadata);
      touch(cloud, instance);
      return c.json(presentInstance(cloud, instance));
    }
    const input = await body(c, managedChanges);
    if (input.name !== undefined) checkName(input.name, instance.space, instance);
    const plan = input.relationships?.service_plan.data.guid;
    if (plan !== undefined) {
      checkPlan(plan);
      if (planOf(plan)?.offering !== planOf(instance.plan)?.offering) {
        throw unprocessable("service plan relates to a different service offering");
      }
    }
    const change = () => {
      instance.name = input.name ?? instance.name;
      instance.tags = input.tags ?? instance.tags;
      instance.plan = plan ?? instance.plan;
      mergeMetadata(instance, input.metadata);
      instance.lastOperation = operation(cloud, "update", "succeeded");
      touch(cloud, instance);
    };
    // Only what the broker must know of goes through a job.
    if (plan !== undefined || input.parameters !== undefined || input.name !== undefined) {
      return startJob(cloud, "service_instance.update", change);
    }
    change();
    return c.json(presentInstance(cloud, instance));
  });
  hono.delete("/v3/service_instances/:guid", async (c) => {
    const instance = instanceOf(c);
    const purge = checkQuery(c, ["purge"]).get("purge") === "true";
    if (instance.type === "user-provided" || purge) {
      await removeInstance(cloud, instance);
      return c.body(null, 204);
    }
    instance.lastOperation = operation(cloud, "delete", "in progress");
    return startJob(cloud, "service_instance.delete", () => removeInstance(cloud, instance));
  });
  hono.get("/v3/service_instances/:guid/parameters", (c) => c.json(instanceOf(c).parameters));
  hono.get("/v3/service_instances/:guid/credentials", (c) => {
    const instance = instanceOf(c);
    if (instance.type !== "user-provided") throw notFound("Service instance");
    return c.json(instance.credentials);
  });
  hono.get("/v3/service_instances/:guid/relationships/shared_spaces", (c) => {
    instanceOf(c);
    return c.json({ data: [], links: {} });
  });
  return hono;
}
