import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import type { HerokuClient } from "../client/client.ts";
import { ifFound } from "../client/errors.ts";
import { pollUntil } from "../client/poll.ts";
import { type Addon, addonShape, attachmentShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import { planText } from "../render/services.ts";
import type { HerokuConnection } from "../settings.ts";
import { attach } from "./attachment.ts";

const inputs = z.object({
  app: z.string(),
  service: z.string(),
  /** Null: the one that Heroku gives when none is named. */
  plan: z.string().nullable(),
  attachment: z.string(),
  /** Hold at creation only, as the add-on's own commands take over from there. */
  options: z.record(z.string(), z.string()).default({}),
});
type Inputs = z.output<typeof inputs>;

function outputsOf({ name }: Addon) {
  return { name };
}

/** Settles when the add-on is there; Heroku takes seconds for the small plans, minutes for the large. */
async function provisioned(client: HerokuClient, id: string, signal: AbortSignal): Promise<Addon> {
  const addon = await pollUntil(
    client,
    () => client.get(`/addons/${id}`, addonShape, { signal }),
    ({ state }) => state !== "provisioning",
    signal,
  );
  if (addon.state === "provisioned") return addon;
  throw new UnderstudyError(`Add-on ${addon.name} is ${addon.state} instead of being provisioned.`, {
    code: "addon-failed",
    suggestion: "Look at the add-on on Heroku's dashboard; delete it there to have it made anew.",
  });
}

async function attachmentsOf(client: HerokuClient, id: string, signal: AbortSignal) {
  return await client.list(`/addons/${id}/addon-attachments`, attachmentShape, { signal });
}

export const addon: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app", "service"],
  deleteBeforeReplace: true,

  async create({ connection, signal }, values) {
    const { app, service, plan, attachment, options } = inputs.parse(values);
    const client = clientOf(connection);
    const find = async (): Promise<Addon | undefined> => {
      const path = `/apps/${app}/addon-attachments/${attachment}`;
      const attached = await ifFound(client.get(path, attachmentShape, { signal }));
      return attached && (await ifFound(client.get(`/addons/${attached.addon.id}`, addonShape, { signal })));
    };
    const body = { plan: planText({ service, plan }), attachment: { name: attachment }, config: options };
    const made = await client.create(`/apps/${app}/addons`, body, addonShape, find, { signal });
    try {
      await provisioned(client, made.id, signal);
    } catch (error) {
      throw new PartialCreateError(error, { id: made.id, outputs: outputsOf(made) });
    }
    return { id: made.id, outputs: outputsOf(made) };
  },

  async read({ connection, signal }, id, known) {
    const client = clientOf(connection);
    const found = await ifFound(client.get(`/addons/${id}`, addonShape, { signal }));
    if (found === undefined) return undefined;
    const names = (await attachmentsOf(client, id, signal))
      .filter(({ app }) => app.id === found.app.id)
      .map(({ name }) => name);
    const before = (known?.inputs ?? {}) as Partial<Inputs>;
    const kept = names.find((name) => name === before.attachment);
    const [service = "", plan = ""] = found.plan.name.split(":", 2);
    return {
      id: found.id,
      inputs: {
        app: found.app.id,
        service,
        plan: before.plan === null ? null : plan,
        attachment: kept ?? names[0] ?? "",
        options: before.options ?? {},
      },
      outputs: outputsOf(found),
    };
  },

  async update({ connection, log, signal }, current, values) {
    const wanted = inputs.parse(values);
    const before = current.inputs as Partial<Inputs>;
    const client = clientOf(connection);
    const path = `/apps/${wanted.app}/addons/${current.id}`;
    let found = await provisioned(client, current.id, signal);
    if (wanted.plan !== before.plan && wanted.plan !== null) {
      found = await client.patch(path, { plan: planText(wanted) }, addonShape, { signal });
    }
    if (wanted.attachment !== before.attachment) {
      await attach(client, { app: wanted.app, addon: current.id, name: wanted.attachment }, { signal });
      const old = (await attachmentsOf(client, current.id, signal)).find(
        ({ name, app }) => name === before.attachment && app.id === found.app.id,
      );
      if (old !== undefined) await client.delete(`/addon-attachments/${old.id}`, { signal });
    }
    if (JSON.stringify(wanted.options) !== JSON.stringify(before.options ?? {})) {
      log.warn(
        `Options of add-on ${found.name} hold at its creation only: the change has no effect on Heroku.`,
      );
    }
    return outputsOf(found);
  },

  async delete({ connection, signal }, current) {
    const { app } = current.inputs as Partial<Inputs>;
    const client = clientOf(connection);
    const owner = app ?? (await ifFound(client.get(`/addons/${current.id}`, addonShape, { signal })))?.app.id;
    if (owner !== undefined) await client.delete(`/apps/${owner}/addons/${current.id}`, { signal });
  },
};
