import { z } from "zod";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import type { HerokuClient } from "../client/client.ts";
import type { Deadline } from "../client/deadline.ts";
import { ifFound } from "../client/errors.ts";
import { addonShape, appShape, configShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const vars = z.record(z.string(), z.string());

const inputs = z.object({
  app: z.string(),
  vars: vars.default({}),
  secretVars: vars.default({}),
  /** What follows the role. */
  roleVars: vars.default({}),
});

type Vars = Readonly<Record<string, string>>;

function allOf(values: unknown): Vars {
  const parsed = inputs.safeParse(values);
  return parsed.success ? { ...parsed.data.vars, ...parsed.data.secretVars, ...parsed.data.roleVars } : {};
}

/** The values that are there now of the keys that a group had. */
function seenOf(known: unknown, all: Vars): Vars {
  const keys = Object.keys(vars.catch({}).parse(known ?? {}));
  return Object.fromEntries(keys.flatMap((key) => (all[key] === undefined ? [] : [[key, all[key]]])));
}

/** Config vars that no add-on owns. */
async function ownVars(client: HerokuClient, app: string, all: Vars, deadline: Deadline): Promise<Vars> {
  const addons = await client.list(`/apps/${app}/addons`, addonShape, deadline);
  const owned = new Set(addons.flatMap(({ config_vars }) => config_vars));
  return Object.fromEntries(Object.entries(all).filter(([key]) => !owned.has(key)));
}

/** The config vars that a program names. Others, also those of add-ons and of people, are left alone. */
export const config: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app"],
  secrets: ["secretVars"],

  async create({ connection, signal }, values) {
    const { app } = inputs.parse(values);
    await clientOf(connection).patch(`/apps/${app}/config-vars`, allOf(values), configShape, {
      signal,
    });
    return { id: app, outputs: {} };
  },

  async read({ connection, signal }, id, known) {
    const client = clientOf(connection);
    const all = await ifFound(client.get(`/apps/${id}/config-vars`, configShape, { signal }));
    if (all === undefined) return undefined;
    if (known !== undefined) {
      const { app, vars: plain, secretVars, roleVars } = known.inputs;
      const groups = {
        vars: seenOf(plain, all),
        secretVars: seenOf(secretVars, all),
        roleVars: seenOf(roleVars, all),
      };
      return { id, inputs: { app: app ?? id, ...groups }, outputs: {} };
    }
    // Which of them are secret can't be seen: all are taken for it.
    const app = await client.get(`/apps/${id}`, appShape, { signal });
    const secretVars = await ownVars(client, id, all, { signal });
    return { id: app.id, inputs: { app: app.id, vars: {}, secretVars, roleVars: {} }, outputs: {} };
  },

  async update({ connection, signal }, current, values) {
    const wanted = allOf(values);
    const gone = Object.keys(allOf(current.inputs)).filter((key) => wanted[key] === undefined);
    const changes = { ...wanted, ...Object.fromEntries(gone.map((key) => [key, null])) };
    await clientOf(connection).patch(`/apps/${current.id}/config-vars`, changes, configShape, {
      signal,
    });
    return {};
  },

  async delete({ connection, signal }, current) {
    const changes = Object.fromEntries(Object.keys(allOf(current.inputs)).map((key) => [key, null]));
    const client = clientOf(connection);
    await ifFound(client.patch(`/apps/${current.id}/config-vars`, changes, configShape, { signal }));
  },
};
