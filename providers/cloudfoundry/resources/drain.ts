import { z } from "zod";
import { isTaken } from "../api/failure.ts";
import { bindingSchema, identified, serviceInstanceSchema } from "../api/wire.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  /** Guid of the space. */
  space: z.string(),
  name: z.string().min(1),
  /** `syslog://`, `syslog-tls://` or `https://`. It may hold a token. */
  url: z.string(),
});
type Inputs = z.output<typeof inputs>;

const bindings = "/v3/service_credential_bindings";

async function bind({ client, deadline }: Operation, { app }: Inputs, instance: string): Promise<void> {
  const query = { app_guids: app, service_instance_guids: instance };
  if ((await client.list(bindings, identified, deadline, query)).length > 0) return;
  const json = {
    type: "app",
    relationships: { service_instance: { data: { guid: instance } }, app: { data: { guid: app } } },
  };
  await client.create(bindings, json, identified, deadline).catch((error: unknown) => {
    if (!isTaken(error)) throw error;
  });
}

/** A log drain: a user-provided service instance with its URL, bound to the app. */
export const drain = define({
  inputs,
  replaceOn: ["app", "space"],
  deleteBeforeReplace: true,
  secrets: ["url"],

  async create(operation, wanted) {
    const { client, deadline } = operation;
    const json = {
      type: "user-provided",
      name: wanted.name,
      syslog_drain_url: wanted.url,
      relationships: { space: { data: { guid: wanted.space } } },
    };
    const { guid } = await client.create("/v3/service_instances", json, serviceInstanceSchema, deadline);
    await bind(operation, wanted, guid);
    return { id: guid, outputs: {} };
  },

  async read({ client, deadline }, id) {
    const found = await client.find(`/v3/service_instances/${id}`, serviceInstanceSchema, deadline);
    if (found === undefined) return undefined;
    const query = { service_instance_guids: id };
    const [binding] = await client.list(bindings, bindingSchema, deadline, query);
    return {
      inputs: {
        app: binding?.relationships.app?.data?.guid ?? "",
        space: found.relationships.space.data?.guid ?? "",
        name: found.name,
        url: found.syslog_drain_url ?? "",
      },
      outputs: {},
    };
  },

  async update(operation, current, wanted) {
    const { client, deadline } = operation;
    const json = { name: wanted.name, syslog_drain_url: wanted.url };
    await client.patch(`/v3/service_instances/${current.id}`, json, identified, deadline);
    await bind(operation, wanted, current.id);
    return {};
  },

  async delete({ client, deadline }, current) {
    const query = { service_instance_guids: current.id };
    const bound = await client.list(bindings, identified, deadline, query);
    for (const { guid } of bound) await client.delete(`${bindings}/${guid}`, deadline);
    await client.delete(`/v3/service_instances/${current.id}`, deadline);
  },
});
