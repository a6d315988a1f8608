import { z } from "zod";
import { appSchema, bindingSchema, variablesSchema } from "../api/wire.ts";
import { rollOut } from "../deploy/rollout.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  config: z.record(z.string(), z.string()).default({}),
  /** Null = there is none, e.g. the URL of a service whose binding holds no URL. */
  secrets: z.record(z.string(), z.string().nullable()).default({}),
  /** Guids of the app's bindings: a new one shows after a restart only. */
  bindings: z.array(z.string()).default([]),
});
type Inputs = z.output<typeof inputs>;

const pathOf = (app: string) => `/v3/apps/${app}/environment_variables`;

async function write(
  { client, deadline }: Operation,
  app: string,
  changes: Readonly<Record<string, string | null>>,
) {
  await client.patch(pathOf(app), { var: changes }, variablesSchema, deadline);
  await rollOut(client, app, deadline);
}

/** The named values that are set. */
function present(names: readonly string[], found: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = found[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Environment variables of an app; only those named here are touched. A started app is rolled once for all changes.
 */
export const environment = define({
  inputs,
  replaceOn: ["app"],
  secrets: ["secrets"],

  async create(operation, wanted) {
    await write(operation, wanted.app, { ...wanted.config, ...wanted.secrets });
    return { id: wanted.app, outputs: {} };
  },

  async read({ client, deadline }, id, known) {
    if ((await client.find(`/v3/apps/${id}`, appSchema, deadline)) === undefined) return undefined;
    const found = await client.get(pathOf(id), variablesSchema, deadline);
    // Which are secret can't be told from outside: all are taken as such.
    if (known === undefined) {
      return { inputs: { app: id, config: {}, secrets: found.var, bindings: [] }, outputs: {} };
    }
    const { config = {}, secrets = {}, bindings = [] } = known.inputs;
    const bound = await client.list("/v3/service_credential_bindings", bindingSchema, deadline, {
      app_guids: id,
    });
    const none = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value === null));
    const there = new Set(bound.map((binding) => binding.guid));
    return {
      inputs: {
        app: id,
        config: present(Object.keys(config), found.var),
        secrets: { ...none, ...present(Object.keys(secrets), found.var) },
        bindings: bindings.filter((guid) => there.has(guid)),
      },
      outputs: {},
    };
  },

  async update(operation, current, wanted) {
    const before = namesOf(current.inputs);
    const after = { ...wanted.config, ...wanted.secrets };
    const gone = before.filter((name) => after[name] === undefined).map((name) => [name, null]);
    await write(operation, wanted.app, { ...Object.fromEntries(gone), ...after });
    return {};
  },

  async delete({ client, deadline }, current) {
    if ((await client.find(`/v3/apps/${current.id}`, appSchema, deadline)) === undefined) return;
    const gone = Object.fromEntries(namesOf(current.inputs).map((name) => [name, null]));
    await client.patch(pathOf(current.id), { var: gone }, variablesSchema, deadline);
  },
});

function namesOf({ config, secrets }: Partial<Inputs>): readonly string[] {
  return Object.keys({ ...config, ...secrets });
}
