import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { isTaken } from "../api/failure.ts";
import { placeOf } from "../api/place.ts";
import { appSchema, identified, named, spaceSchema } from "../api/wire.ts";
import { define } from "./define.ts";

const inputs = z.strictObject({
  organization: z.string(),
  space: z.string(),
  name: z.string().min(1),
  lifecycle: z.enum(["buildpack", "docker"]).default("buildpack"),
  /** Empty = the platform finds them out. */
  buildpacks: z.array(z.string()).default([]),
  /** Null = the platform's default. */
  stack: z.string().nullable().default(null),
});

function lifecycleOf({ lifecycle, buildpacks, stack }: z.output<typeof inputs>) {
  if (lifecycle === "docker") return { type: "docker", data: {} };
  return { type: "buildpack", data: { buildpacks, ...(stack === null ? {} : { stack }) } };
}

/** An app: its place and how it is built. It is made stopped; a Release starts it. */
export const app = define({
  inputs,
  replaceOn: ["organization", "space", "lifecycle"],
  deleteBeforeReplace: true,
  stableOutputs: ["guid", "spaceGuid", "organizationGuid"],

  async create({ client, deadline }, wanted) {
    const place = await placeOf(client, wanted, deadline);
    const json = {
      name: wanted.name,
      lifecycle: lifecycleOf(wanted),
      relationships: { space: { data: { guid: place.space } } },
    };
    try {
      const { guid } = await client.create("/v3/apps", json, appSchema, deadline);
      return { id: guid, outputs: { guid, spaceGuid: place.space, organizationGuid: place.organization } };
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw new UnderstudyError(`There is an app '${wanted.name}' in space '${wanted.space}' already.`, {
        code: "name-taken",
        path: "name",
        cause: error,
        suggestion:
          "Import it with its guid (`cf app NAME --guid`), or set another name in the site's settings (`app`).",
      });
    }
  },

  async read({ client, deadline }, id, known) {
    const found = await client.find(`/v3/apps/${id}`, appSchema, deadline);
    const spaceGuid = found?.relationships.space.data?.guid;
    if (found === undefined || spaceGuid === undefined) return undefined;
    const space = await client.get(`/v3/spaces/${spaceGuid}`, spaceSchema, deadline);
    const organizationGuid = space.relationships.organization.data?.guid ?? "";
    const organization = await client.get(`/v3/organizations/${organizationGuid}`, named, deadline);
    const isDocker = found.lifecycle.type === "docker";
    const { buildpacks, stack } = found.lifecycle.data;
    const read: z.output<typeof inputs> = {
      organization: organization.name,
      space: space.name,
      name: found.name,
      lifecycle: isDocker ? "docker" : "buildpack",
      buildpacks: buildpacks ?? [],
      // The platform fills in its default: that is no change of what was left open.
      stack: known?.inputs.stack === null || isDocker ? null : (stack ?? null),
    };
    return {
      inputs: read,
      outputs: { guid: found.guid, spaceGuid, organizationGuid },
    };
  },

  async update({ client, deadline }, current, wanted) {
    const { type: _, ...lifecycle } = lifecycleOf(wanted);
    const json = { name: wanted.name, ...(wanted.lifecycle === "docker" ? {} : { lifecycle }) };
    await client.patch(`/v3/apps/${current.id}`, json, identified, deadline);
    const { guid = null, spaceGuid = null, organizationGuid = null } = current.outputs;
    return { guid, spaceGuid, organizationGuid };
  },

  async delete({ client, deadline }, current) {
    await client.delete(`/v3/apps/${current.id}`, deadline);
  },
});
