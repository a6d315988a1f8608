import { Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Space } from "./model.ts";
import { presentOrganization } from "./organizations.ts";
import { removeSpace } from "./removal.ts";

const schema = z.strictObject({
  name: z.string().min(1).max(255),
  relationships: z.strictObject({ organization: toOneSchema }),
  metadata: metadataSchema.optional(),
});

export function presentSpace(cloud: Cloud, space: Space): object {
  return {
    ...presentHead(space),
    name: space.name,
    relationships: { organization: toOne(space.organization), quota: toOne(undefined) },
    ...presentMetadata(space),
    links: {
      self: link(cloud, `/v3/spaces/${space.guid}`),
      organization: link(cloud, `/v3/organizations/${space.organization}`),
      apply_manifest: link(cloud, `/v3/spaces/${space.guid}/actions/apply_manifest`, "POST"),
    },
  };
}

export function spaces(cloud: Cloud): Hono {
  const app = new Hono();
  const { model } = cloud;
  const orgOf = (guid: string) => find(model.organizations, guid, "Organization");
  const spaceOf = (guid: string) => find(model.spaces, guid, "Space");

  app.get("/v3/spaces", (c) =>
    list(c, cloud, Object.values(model.spaces), {
      filters: { names: by((space) => space.name), organization_guids: by((space) => space.organization) },
      orders: { name: (space) => space.name },
      also: ["include"],
      present: (space) => presentSpace(cloud, space),
      included: (spaces, include) => {
        if (!include.some((item) => item === "organization" || item === "org")) return undefined;
        const guids = new Set(spaces.map((space) => space.organization));
        return { organizations: [...guids].map((guid) => presentOrganization(cloud, orgOf(guid))) };
      },
    }),
  );
  app.post("/v3/spaces", async (c) => {
    const input = await body(c, schema);
    const organization = input.relationships.organization.data.guid;
    if (model.organizations[organization] === undefined) {
      throw unprocessable("Invalid organization. Ensure the organization exists and you have access to it.");
    }
    const same = (space: Space) => space.organization === organization && space.name === input.name;
    if (Object.values(model.spaces).some(same)) throw unprocessable("Name must be unique per organization");
    const space: Space = { ...resource(cloud), name: input.name, organization };
    mergeMetadata(space, input.metadata);
    model.spaces[space.guid] = space;
    cloud.save();
    return c.json(presentSpace(cloud, space), 201);
  });
  app.get("/v3/spaces/:guid", (c) => c.json(presentSpace(cloud, spaceOf(c.req.param("guid")))));
  app.patch("/v3/spaces/:guid", async (c) => {
    const space = spaceOf(c.req.param("guid"));
    const input = await body(c, schema.omit({ relationships: true }).partial());
    space.name = input.name ?? space.name;
    mergeMetadata(space, input.metadata);
    touch(cloud, space);
    return c.json(presentSpace(cloud, space));
  });
  app.delete("/v3/spaces/:guid", (c) => {
    const space = spaceOf(c.req.param("guid"));
    return startJob(cloud, "space.delete", () => removeSpace(cloud, space));
  });
  return app;
}
