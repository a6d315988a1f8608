import { Hono } from "hono";
import { z } from "zod";
import { body } from "./body.ts";
import { type Cloud, find, found, link, resource, toOne, touch } from "./cloud.ts";
import { presentDomain } from "./domains.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Organization } from "./model.ts";
import { removeSpace } from "./removal.ts";

const orgSchema = z.strictObject({
  name: z.string().min(1).max(255),
  suspended: z.boolean().optional(),
  metadata: metadataSchema.optional(),
});

export function presentOrganization(cloud: Cloud, org: Organization): object {
  return {
    ...presentHead(org),
    name: org.name,
    suspended: false,
    relationships: { quota: toOne(undefined) },
    ...presentMetadata(org),
    links: { self: link(cloud, `/v3/organizations/${org.guid}`) },
  };
}

export function organizations(cloud: Cloud): Hono {
  const app = new Hono();
  const { model } = cloud;
  const orgOf = (guid: string) => find(model.organizations, guid, "Organization");

  app.get("/v3/organizations", (c) =>
    list(c, cloud, Object.values(model.organizations), {
      filters: { names: by((org) => org.name) },
      orders: { name: (org) => org.name },
      present: (org) => presentOrganization(cloud, org),
    }),
  );
  app.post("/v3/organizations", async (c) => {
    const input = await body(c, orgSchema);
    if (Object.values(model.organizations).some((org) => org.name === input.name)) {
      throw unprocessable(`Organization '${input.name}' already exists.`);
    }
    const org: Organization = { ...resource(cloud), name: input.name };
    mergeMetadata(org, input.metadata);
    model.organizations[org.guid] = org;
    cloud.save();
    return c.json(presentOrganization(cloud, org), 201);
  });
  app.get("/v3/organizations/:guid", (c) => c.json(presentOrganization(cloud, orgOf(c.req.param("guid")))));
  app.patch("/v3/organizations/:guid", async (c) => {
    const org = orgOf(c.req.param("guid"));
    const input = await body(c, orgSchema.partial());
    org.name = input.name ?? org.name;
    mergeMetadata(org, input.metadata);
    touch(cloud, org);
    return c.json(presentOrganization(cloud, org));
  });
  app.delete("/v3/organizations/:guid", (c) => {
    const org = orgOf(c.req.param("guid"));
    return startJob(cloud, "organization.delete", async () => {
      for (const space of Object.values(model.spaces)) {
        if (space.organization === org.guid) await removeSpace(cloud, space);
      }
      delete model.organizations[org.guid];
    });
  });
  app.get("/v3/organizations/:guid/domains/default", (c) => {
    orgOf(c.req.param("guid"));
    const shared = Object.values(model.domains).find((domain) => domain.organization === undefined);
    return c.json(presentDomain(cloud, found(shared, "Domain")));
  });
  app.get("/v3/organizations/:guid/domains", (c) => {
    const org = orgOf(c.req.param("guid"));
    const visible = Object.values(model.domains).filter(
      (domain) => domain.organization === undefined || domain.organization === org.guid,
    );
    return list(c, cloud, visible, {
      filters: {
        names: by((domain) => domain.name),
        organization_guids: by((domain) => domain.organization),
      },
      present: (domain) => presentDomain(cloud, domain),
    });
  });
  return app;
}
