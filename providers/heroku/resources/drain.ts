import { z } from "zod";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { ifFound } from "../client/errors.ts";
import { appShape, drainShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({ app: z.string(), url: z.string() });

/** Ids are `APP/DRAIN`: a drain is found under its app only. */
function pathOf(id: string): string {
  const [app = "", drain = ""] = id.split("/", 2);
  return `/apps/${app}/log-drains/${drain}`;
}

/** Where an app's log lines go. URLs of drains often hold a key. */
export const drain: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app", "url"],
  deleteBeforeReplace: true,
  secrets: ["url", "token"],
  stableOutputs: ["token"],

  async create({ connection, signal }, values) {
    const { app, url } = inputs.parse(values);
    const client = clientOf(connection);
    const path = `/apps/${app}/log-drains`;
    const find = async () =>
      (await client.list(path, drainShape, { signal })).find((candidate) => candidate.url === url);
    const made = await client.create(path, { url }, drainShape, find, { signal });
    return { id: `${app}/${made.id}`, outputs: { token: made.token } };
  },

  async read({ connection, signal }, id) {
    const client = clientOf(connection);
    const found = await ifFound(client.get(pathOf(id), drainShape, { signal }));
    if (found === undefined) return undefined;
    const owner = await client.get(`/apps/${id.split("/")[0]}`, appShape, { signal });
    return {
      id: `${owner.id}/${found.id}`,
      inputs: { app: owner.id, url: found.url },
      outputs: { token: found.token },
    };
  },

  async delete({ connection, signal }, { id }) {
    await clientOf(connection).delete(pathOf(id), { signal });
  },
};
