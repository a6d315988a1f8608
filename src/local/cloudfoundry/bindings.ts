import { type Context, Hono } from "hono";
import { z } from "zod";
import { credentialsOf } from "./backing.ts";
import { body, toOneSchema } from "./body.ts";
import { planOf } from "./catalog.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { CfError, unprocessable } from "./errors.ts";
import { operation, presentInstance, presentOperation } from "./instance-present.ts";
import { startJob } from "./jobs.ts";
import { by, checkQuery, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { App, Binding, ServiceInstance } from "./model.ts";

const createSchema = z.strictObject({
  type: z.enum(["app", "key"]),
  name: z.string().max(255).nullable().optional(),
  parameters: z.json().optional(),
  strategy: z.enum(["single", "multiple"]).optional(),
  relationships: z.strictObject({ service_instance: toOneSchema, app: toOneSchema.optional() }),
  metadata: metadataSchema.optional(),
});

function presentBinding(cloud: Cloud, binding: Binding): object {
  const path = `/v3/service_credential_bindings/${binding.guid}`;
  const app = binding.app === undefined ? {} : { app: toOne(binding.app) };
  return {
    ...presentHead(binding),
    type: binding.type,
    name: binding.name,
    last_operation: presentOperation(binding.lastOperation),
    relationships: { service_instance: toOne(binding.instance), ...app },
    ...presentMetadata(binding),
    links: {
      self: link(cloud, path),
      details: link(cloud, `${path}/details`),
      service_instance: link(cloud, `/v3/service_instances/${binding.instance}`),
      ...(binding.app === undefined ? {} : { app: link(cloud, `/v3/apps/${binding.app}`) }),
    },
  };
}

/** Checks that an app can be bound to an instance, in the controller's words. */
function checkBinding(cloud: Cloud, app: App, instance: ServiceInstance, name: string | null): void {
  if (app.space !== instance.space)
    throw unprocessable("The app and the service instance are in different spaces");
  const own = Object.values(cloud.model.bindings).filter((binding) => binding.app === app.guid);
  if (own.some((binding) => binding.instance === instance.guid)) {
    throw unprocessable("The app is already bound to the service instance");
  }
  if (name !== null && own.some((binding) => binding.name === name)) {
    throw unprocessable(
      `The binding name is invalid. App binding names must be unique. The app already has a binding with name '${name}'.`,
    );
  }
}

/** Binds; the credentials are read from the service whenever they are asked for. */
export function addBinding(
  cloud: Cloud,
  input: Pick<Binding, "type" | "name" | "instance" | "app">,
): Binding {
  const binding: Binding = {
    ...resource(cloud),
    ...input,
    lastOperation: operation(cloud, "create", "succeeded"),
  };
  cloud.model.bindings[binding.guid] = binding;
  cloud.drains.start(binding);
  cloud.save();
  return binding;
}

export function bindings(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const bindingOf = (c: Context) => find(model.bindings, c.req.param("guid"), "Service credential binding");
  const instanceFor = (binding: Binding) => find(model.instances, binding.instance, "Service instance");

  hono.get("/v3/service_credential_bindings", (c) =>
    list(c, cloud, Object.values(model.bindings), {
      filters: {
        names: by((item) => item.name ?? ""),
        type: by((item) => item.type),
        app_guids: by((item) => item.app),
        app_names: by((item) => model.apps[item.app ?? ""]?.name),
        service_instance_guids: by((item) => item.instance),
        service_instance_names: by((item) => model.instances[item.instance]?.name),
        service_plan_guids: by((item) => model.instances[item.instance]?.plan),
        service_plan_names: by((item) => planOf(model.instances[item.instance]?.plan)?.name),
      },
      also: ["include"],
      present: (item) => presentBinding(cloud, item),
      included: (items, include) => {
        const found: Record<string, object[]> = {};
        if (include.includes("service_instance")) {
          found.service_instances = [...new Set(items.map(instanceFor))].map((item) =>
            presentInstance(cloud, item),
          );
        }
        if (include.includes("app")) {
          const guids = [...new Set(items.flatMap((item) => item.app ?? []))];
          found.apps = guids.map((guid) => {
            const app = find(model.apps, guid, "App");
            return { guid: app.guid, name: app.name, relationships: { space: toOne(app.space) } };
          });
        }
        return Object.keys(found).length === 0 ? undefined : found;
      },
    }),
  );
  hono.post("/v3/service_credential_bindings", async (c) => {
    const input = await body(c, createSchema);
    const instance = model.instances[input.relationships.service_instance.data.guid];
    if (instance === undefined) {
      throw unprocessable("The service instance could not be found");
    }
    if (instance.lastOperation.state === "in progress") {
      throw new CfError(
        409,
        60016,
        "CF-AsyncServiceInstanceOperationInProgress",
        `An operation for service instance ${instance.name} is in progress.`,
      );
    }
    const name = input.name ?? null;
    const managed = instance.type === "managed";
    const appGuid = input.relationships.app?.data.guid;
    if (input.type === "app") {
      const app = appGuid === undefined ? undefined : model.apps[appGuid];
      if (app === undefined) throw unprocessable("The app could not be found");
      checkBinding(cloud, app, instance, name);
    } else {
      if (appGuid !== undefined) throw unprocessable("Relationships Unknown field(s): 'app'");
      if (!managed)
        throw unprocessable(
          "Service credential bindings of type 'key' are not supported for user-provided service instances.",
        );
      if (name === null) throw unprocessable("Name can't be blank");
      const taken = Object.values(model.bindings).some(
        (other) => other.type === "key" && other.instance === instance.guid && other.name === name,
      );
      if (taken)
        throw unprocessable(
          `The binding name is invalid. Key binding names must be unique. The service instance already has a key binding with name '${name}'.`,
        );
    }
    const binding = addBinding(cloud, { type: input.type, name, instance: instance.guid, app: appGuid });
    mergeMetadata(binding, input.metadata);
    return managed
      ? startJob(cloud, "service_bindings.create", () => {})
      : c.json(presentBinding(cloud, binding), 201);
  });
  hono.get("/v3/service_credential_bindings/:guid", (c) => {
    checkQuery(c, ["include"]);
    return c.json(presentBinding(cloud, bindingOf(c)));
  });
  hono.patch("/v3/service_credential_bindings/:guid", async (c) => {
    const binding = bindingOf(c);
    const input = await body(c, z.strictObject({ metadata: metadataSchema.optional() }));
    mergeMetadata(binding, input.metadata);
    touch(cloud, binding);
    return c.json(presentBinding(cloud, binding));
  });
  hono.get("/v3/service_credential_bindings/:guid/details", async (c) => {
    const instance = instanceFor(bindingOf(c));
    const drain = instance.syslogDrainUrl === null ? {} : { syslog_drain_url: instance.syslogDrainUrl };
    return c.json({ credentials: await credentialsOf(cloud, instance), ...drain, volume_mounts: [] });
  });
  hono.get("/v3/service_credential_bindings/:guid/parameters", (c) => {
    bindingOf(c);
    return c.json({});
  });
  hono.delete("/v3/service_credential_bindings/:guid", (c) => {
    const binding = bindingOf(c);
    const remove = () => {
      cloud.drains.stop(binding.guid);
      delete model.bindings[binding.guid];
      cloud.save();
    };
    if (instanceFor(binding).type === "managed") return startJob(cloud, "service_bindings.delete", remove);
    remove();
    return c.body(null, 204);
  });
  return hono;
}
