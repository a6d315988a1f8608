import { Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Domain } from "./model.ts";
import { removeRoute } from "./removal.ts";

const schema = z.strictObject({
  name: z.string().regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]+$/i, {
    message: "does not comply with RFC 1035 standards",
  }),
  internal: z.boolean().nullable().optional(),
  router_group: z.strictObject({ guid: z.string() }).nullable().optional(),
  relationships: z
    .strictObject({
      organization: toOneSchema.optional(),
      shared_organizations: z
        .strictObject({ data: z.array(z.strictObject({ guid: z.string() })) })
        .optional(),
    })
    .optional(),
  metadata: metadataSchema.optional(),
});

export function presentDomain(cloud: Cloud, domain: Domain): object {
  const path = `/v3/domains/${domain.guid}`;
  return {
    ...presentHead(domain),
    name: domain.name,
    internal: domain.internal,
    router_group: null,
    supported_protocols: ["http"],
    relationships: { organization: toOne(domain.organization), shared_organizations: { data: [] } },
    ...presentMetadata(domain),
    links: {
      self: link(cloud, path),
      route_reservations: link(cloud, `${path}/route_reservations`),
    },
  };
}

export function domains(cloud: Cloud): Hono {
  const app = new Hono();
  const { model } = cloud;
  const domainOf = (guid: string) => find(model.domains, guid, "Domain");

  app.get("/v3/domains", (c) =>
    list(c, cloud, Object.values(model.domains), {
      filters: {
        names: by((domain) => domain.name),
        organization_guids: by((domain) => domain.organization),
      },
      present: (domain) => presentDomain(cloud, domain),
    }),
  );
  app.post("/v3/domains", async (c) => {
    const input = await body(c, schema);
    const name = input.name.toLowerCase();
    const organization = input.relationships?.organization?.data.guid;
    if (organization !== undefined && model.organizations[organization] === undefined) {
      throw unprocessable(
        `Organization with guid '${organization}' does not exist or you do not have access to it.`,
      );
    }
    for (const other of Object.values(model.domains)) {
      if (other.name === name) {
        throw unprocessable(`The domain name "${name}" is already in use`);
      }
      const clash = name.endsWith(`.${other.name}`) || other.name.endsWith(`.${name}`);
      if (clash && other.organization !== undefined && other.organization !== organization) {
        throw unprocessable(
          `The domain name "${name}" cannot be created because "${other.name}" is already reserved by another domain`,
        );
      }
    }
    const domain: Domain = { ...resource(cloud), name, internal: input.internal ?? false, organization };
    mergeMetadata(domain, input.metadata);
    model.domains[domain.guid] = domain;
    cloud.save();
    return c.json(presentDomain(cloud, domain), 201);
  });
  app.get("/v3/domains/:guid", (c) => c.json(presentDomain(cloud, domainOf(c.req.param("guid")))));
  app.patch("/v3/domains/:guid", async (c) => {
    const domain = domainOf(c.req.param("guid"));
    const input = await body(c, z.strictObject({ metadata: metadataSchema.optional() }));
    mergeMetadata(domain, input.metadata);
    touch(cloud, domain);
    return c.json(presentDomain(cloud, domain));
  });
  app.delete("/v3/domains/:guid", (c) => {
    const domain = domainOf(c.req.param("guid"));
    return startJob(cloud, "domain.delete", () => {
      for (const route of Object.values(model.routes))
        if (route.domain === domain.guid) removeRoute(cloud, route);
      delete model.domains[domain.guid];
    });
  });
  return app;
}
