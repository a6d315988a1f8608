import { z } from "zod";
import type { Deadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { Client } from "../api/client.ts";
import { isTaken } from "../api/failure.ts";
import { domainSchema, identified } from "../api/wire.ts";
import { define } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the organization that may use it. */
  organization: z.string(),
  name: z.string().min(1),
});

/** A domain of that name that the organization may use: its own or a shared one. */
export async function domainNamed(
  client: Client,
  organization: string,
  name: string,
  deadline: Deadline,
): Promise<string | undefined> {
  const path = `/v3/organizations/${organization}/domains`;
  const [found] = await client.list(path, domainSchema, deadline, { names: name });
  return found?.guid;
}

/** A custom domain of the organization. One that is there already is used, and stays when the site goes. */
export const domain = define({
  inputs,
  replaceOn: ["organization", "name"],
  stableOutputs: ["guid", "adopted"],

  async create({ client, deadline }, wanted) {
    const existing = await domainNamed(client, wanted.organization, wanted.name, deadline);
    if (existing !== undefined) return { id: existing, outputs: { guid: existing, adopted: true } };
    const json = {
      name: wanted.name,
      relationships: { organization: { data: { guid: wanted.organization } } },
    };
    try {
      const { guid } = await client.create("/v3/domains", json, domainSchema, deadline);
      return { id: guid, outputs: { guid, adopted: false } };
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new UnderstudyError(`The domain '${wanted.name}' can't be made: another organization has it.`, {
        code: "domain-taken",
        path: "name",
        cause: error,
        suggestion: "Have its owner share it with this organization, or free it.",
      });
    }
  },

  async read({ client, deadline }, id, known) {
    const found = await client.find(`/v3/domains/${id}`, domainSchema, deadline);
    if (found === undefined) return undefined;
    const owner = found.relationships.organization.data?.guid;
    return {
      inputs: { organization: owner ?? known?.inputs.organization ?? "", name: found.name },
      outputs: { guid: found.guid, adopted: known?.outputs.adopted ?? true },
    };
  },

  // Every input replaces.
  update: async (_operation, { id, outputs }) => ({ guid: id, adopted: outputs.adopted ?? true }),

  async delete({ client, deadline, log }, current) {
    if (current.outputs.adopted === true) return;
    const routes = await client.list("/v3/routes", identified, deadline, { domain_guids: current.id });
    if (routes.length > 0) {
      log.warn(`Domain '${current.inputs.name ?? current.id}' stays: ${routes.length} other routes use it.`);
      return;
    }
    await client.delete(`/v3/domains/${current.id}`, deadline);
  },
});
