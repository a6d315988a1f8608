import { z } from "zod";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import type { HerokuClient } from "../client/client.ts";
import type { Deadline } from "../client/deadline.ts";
import { ifFound } from "../client/errors.ts";
import { attachmentShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({ app: z.string(), addon: z.string(), name: z.string() });

type Attachment = z.output<typeof attachmentShape>;

/** Attaches an add-on under a name; makes nothing where it is attached so already. */
export async function attach(
  client: HerokuClient,
  { app, addon, name }: z.output<typeof inputs>,
  deadline: Deadline,
): Promise<Attachment> {
  const find = async (): Promise<Attachment | undefined> => {
    const found = await ifFound(
      client.get(`/apps/${app}/addon-attachments/${name}`, attachmentShape, deadline),
    );
    return found?.addon.id === addon ? found : undefined;
  };
  return await client.create("/addon-attachments", { addon, app, name }, attachmentShape, find, deadline);
}

/** A further name of an add-on in an app: `X` gives the config var `X_URL`. */
export const attachment: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app", "addon", "name"],
  deleteBeforeReplace: true,

  async create({ connection, signal }, values) {
    const { id } = await attach(clientOf(connection), inputs.parse(values), { signal });
    return { id, outputs: {} };
  },

  async read({ connection, signal }, id) {
    const client = clientOf(connection);
    const found = await ifFound(client.get(`/addon-attachments/${id}`, attachmentShape, { signal }));
    if (found === undefined) return undefined;
    return { id, inputs: { app: found.app.id, addon: found.addon.id, name: found.name }, outputs: {} };
  },

  async delete({ connection, signal }, { id }) {
    await clientOf(connection).delete(`/addon-attachments/${id}`, { signal });
  },
};
