import { z } from "zod";
import { isTaken } from "../api/failure.ts";
import { bindingSchema, detailsSchema, identified } from "../api/wire.ts";
import { urlOf } from "./credentials.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  /** Guid of the service instance. */
  instance: z.string(),
  /** Its name among the app's bindings. */
  name: z.string().nullable().default(null),
});

async function outputsOf({ client, deadline }: Operation, guid: string) {
  const path = `/v3/service_credential_bindings/${guid}/details`;
  const { credentials } = await client.get(path, detailsSchema, deadline);
  return { guid, url: urlOf(credentials) ?? null };
}

/** The binding of a service instance to an app. Its output `url` is a secret. The app sees it from its next start on. */
export const serviceBinding = define({
  inputs,
  replaceOn: ["app", "instance", "name"],
  deleteBeforeReplace: true,
  secrets: ["url"],
  stableOutputs: ["guid"],

  async create(operation, wanted) {
    const { client, deadline } = operation;
    const json = {
      type: "app",
      ...(wanted.name === null ? {} : { name: wanted.name }),
      relationships: {
        service_instance: { data: { guid: wanted.instance } },
        app: { data: { guid: wanted.app } },
      },
    };
    const path = "/v3/service_credential_bindings";
    const made = await client.create(path, json, identified, deadline).catch(async (error: unknown) => {
      if (!isTaken(error)) throw error;
      const query = { app_guids: wanted.app, service_instance_guids: wanted.instance };
      const [existing] = await client.list(path, identified, deadline, query);
      if (existing === undefined) throw error;
      return existing;
    });
    return { id: made.guid, outputs: await outputsOf(operation, made.guid) };
  },

  async read(operation, id) {
    const { client, deadline } = operation;
    const found = await client.find(`/v3/service_credential_bindings/${id}`, bindingSchema, deadline);
    const appGuid = found?.relationships.app?.data?.guid;
    if (found === undefined || appGuid === undefined) return undefined;
    return {
      inputs: {
        app: appGuid,
        instance: found.relationships.service_instance.data?.guid ?? "",
        name: found.name,
      },
      outputs: await outputsOf(operation, id),
    };
  },

  // Every input replaces.
  update: (operation, current) => outputsOf(operation, current.id),

  async delete({ client, deadline }, current) {
    await client.delete(`/v3/service_credential_bindings/${current.id}`, deadline);
  },
});
