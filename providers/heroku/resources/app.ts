import { z } from "zod";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import type { HerokuClient } from "../client/client.ts";
import type { Deadline } from "../client/deadline.ts";
import { ifFound } from "../client/errors.ts";
import { appShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({
  name: z.string(),
  region: z.string().exactOptional(),
  space: z.string().exactOptional(),
  team: z.string().exactOptional(),
  stack: z.string().exactOptional(),
  maintenance: z.boolean().exactOptional().describe("Left as it is when not set."),
});
type Inputs = z.output<typeof inputs>;
type App = z.output<typeof appShape>;

function outputsOf({ name, web_url }: App) {
  return { name, webUrl: web_url };
}

/** In the form in which a program writes them; what it doesn't write isn't compared. */
function inputsOf(app: App, known: Partial<Inputs> | undefined): Inputs {
  const seen = {
    name: app.name,
    region: app.space ? undefined : app.region.name,
    space: app.space?.name,
    team: app.team?.name,
    stack: app.build_stack.name,
    maintenance: app.maintenance,
  };
  const isWanted = (key: string): boolean => (known === undefined ? key !== "maintenance" : key in known);
  const wanted = Object.entries(seen).filter(
    ([key, value]) => value !== undefined && (key === "name" || isWanted(key)),
  );
  return inputs.parse(Object.fromEntries(wanted));
}

function nameTaken(name: string): UnderstudyError {
  return new UnderstudyError(`The name '${name}' is taken on Heroku.`, {
    code: "name-taken",
    suggestion:
      "Set this site's `app` setting to a free name; or, if the app is yours and this stack should have it, import it.",
  });
}

/** Names are unique among all of Heroku: an app that may not be seen has its name all the same. */
async function isTaken(client: HerokuClient, name: string, deadline: Deadline): Promise<boolean> {
  try {
    await client.get(`/apps/${name}`, appShape, deadline);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    if (error instanceof UnderstudyError && error.code === "forbidden") return true;
    throw error;
  }
}

export const app: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["region", "space", "team"],
  deleteBeforeReplace: true,
  stableOutputs: [],

  async create({ connection, signal }, values) {
    const { name, region, space, team, stack, maintenance } = inputs.parse(values);
    const client = clientOf(connection);
    if (await isTaken(client, name, { signal })) throw nameTaken(name);
    const isOfTeam = team !== undefined || space !== undefined;
    const made = await client.create(
      isOfTeam ? "/teams/apps" : "/apps",
      { name, region, space, team, stack },
      appShape,
      () => ifFound(client.get(`/apps/${name}`, appShape, { signal })),
      { signal },
    );
    if (maintenance === true) await client.patch(`/apps/${made.id}`, { maintenance }, appShape, { signal });
    return { id: made.id, outputs: outputsOf(made) };
  },

  async read({ connection, signal }, id, known) {
    const found = await ifFound(clientOf(connection).get(`/apps/${id}`, appShape, { signal }));
    if (found === undefined) return undefined;
    return {
      id: found.id,
      inputs: inputsOf(found, known?.inputs as Partial<Inputs> | undefined),
      outputs: outputsOf(found),
    };
  },

  async update({ connection, signal }, current, values) {
    const { name, stack, maintenance } = inputs.parse(values);
    const client = clientOf(connection);
    if (name !== current.inputs.name && (await isTaken(client, name, { signal }))) throw nameTaken(name);
    const change = {
      name,
      ...(stack === undefined ? {} : { build_stack: stack }),
      ...(maintenance === undefined ? {} : { maintenance }),
    };
    return outputsOf(await client.patch(`/apps/${current.id}`, change, appShape, { signal }));
  },

  async delete({ connection, signal }, { id }) {
    await clientOf(connection).delete(`/apps/${id}`, { signal });
  },
};
