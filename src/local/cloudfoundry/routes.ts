import { type Context, Hono } from "hono";
import { z } from "zod";
import { body, toOneSchema } from "./body.ts";
import { type Cloud, find, link, resource, toOne, touch } from "./cloud.ts";
import { presentDestination } from "./destinations.ts";
import { presentDomain } from "./domains.ts";
import { unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { by, checkQuery, list } from "./list.ts";
import { mergeMetadata, metadataSchema, presentHead, presentMetadata } from "./metadata.ts";
import type { Route } from "./model.ts";
import { removeRoute } from "./removal.ts";
import { urlOf } from "./route-model.ts";

const optionsSchema = z.strictObject({
  loadbalancing: z.enum(["round-robin", "least-connection"]).nullable().optional(),
});
const createSchema = z.strictObject({
  host: z
    .string()
    .regex(/^(\*|[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)?$/i, {
      message: 'must be either "*" or contain only alphanumeric characters, "_", or "-"',
    })
    .optional(),
  path: z.string().startsWith("/").max(128).or(z.literal("")).optional(),
  port: z.int().optional(),
  options: optionsSchema.optional(),
  relationships: z.strictObject({ space: toOneSchema, domain: toOneSchema }),
  metadata: metadataSchema.optional(),
});

function presentRoute(cloud: Cloud, route: Route): object {
  const path = `/v3/routes/${route.guid}`;
  return {
    ...presentHead(route),
    protocol: "http",
    host: route.host,
    path: route.path,
    port: null,
    url: urlOf(cloud, route),
    destinations: route.destinations.map(presentDestination),
    options: {},
    ...presentMetadata(route),
    relationships: { space: toOne(route.space), domain: toOne(route.domain) },
    links: {
      self: link(cloud, path),
      space: link(cloud, `/v3/spaces/${route.space}`),
      destinations: link(cloud, `${path}/destinations`),
      domain: link(cloud, `/v3/domains/${route.domain}`),
    },
  };
}

/** Makes a route; `undefined` when there is one of that host, domain and path already. */
export function makeRoute(
  cloud: Cloud,
  place: Pick<Route, "space" | "domain" | "host" | "path">,
): Route | undefined {
  const taken = Object.values(cloud.model.routes).some(
    (route) => route.host === place.host && route.domain === place.domain && route.path === place.path,
  );
  if (taken) return undefined;
  const route: Route = { ...resource(cloud), ...place, destinations: [] };
  cloud.model.routes[route.guid] = route;
  cloud.save();
  return route;
}

export function routes(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const routeOf = (c: Context) => find(model.routes, c.req.param("guid"), "Route");
  const listed = (c: Context, items: readonly Route[]) =>
    list(c, cloud, items, {
      filters: {
        hosts: by((route) => route.host),
        paths: by((route) => route.path),
        ports: () => false,
        domain_guids: by((route) => route.domain),
        space_guids: by((route) => route.space),
        organization_guids: by((route) => model.spaces[route.space]?.organization),
        app_guids: (route, values) => route.destinations.some(({ app }) => values.includes(app)),
      },
      also: ["include"],
      present: (route) => presentRoute(cloud, route),
      included: (found, include) => {
        if (!include.includes("domain")) return undefined;
        const guids = [...new Set(found.map((route) => route.domain))];
        return { domains: guids.map((guid) => presentDomain(cloud, find(model.domains, guid, "Domain"))) };
      },
    });

  hono.get("/v3/routes", (c) => listed(c, Object.values(model.routes)));
  hono.get("/v3/apps/:guid/routes", (c) => {
    const app = find(model.apps, c.req.param("guid"), "App");
    return listed(
      c,
      Object.values(model.routes).filter((route) => route.destinations.some((item) => item.app === app.guid)),
    );
  });
  hono.post("/v3/routes", async (c) => {
    const input = await body(c, createSchema);
    const space = model.spaces[input.relationships.space.data.guid];
    if (space === undefined) {
      throw unprocessable("Invalid space. Ensure that the space exists and you have access to it.");
    }
    const domain = model.domains[input.relationships.domain.data.guid];
    if (domain === undefined) {
      throw unprocessable("Invalid domain. Ensure that the domain exists and you have access to it.");
    }
    if (domain.organization !== undefined && domain.organization !== space.organization) {
      throw unprocessable(`Invalid domain. Domain '${domain.name}' is not available in organization.`);
    }
    if (input.port !== undefined) {
      throw unprocessable(`Routes with protocol 'http' do not support ports.`);
    }
    const host = input.host ?? "";
    if (host === "" && domain.organization === undefined) {
      throw unprocessable("Missing host. Routes in shared domains must have a host defined.");
    }
    const path = input.path ?? "";
    const route = makeRoute(cloud, { space: space.guid, domain: domain.guid, host, path });
    if (route === undefined) {
      const withHost = host === "" ? "" : `host '${host}'`;
      const withPath = path === "" ? "" : `${withHost === "" ? "" : " and "}path '${path}'`;
      const what = withHost + withPath === "" ? "" : ` with ${withHost}${withPath}`;
      throw unprocessable(`Route already exists${what} for domain '${domain.name}'.`);
    }
    mergeMetadata(route, input.metadata);
    return c.json(presentRoute(cloud, route), 201);
  });
  hono.get("/v3/routes/:guid", (c) => {
    checkQuery(c, ["include"]);
    return c.json(presentRoute(cloud, routeOf(c)));
  });
  hono.patch("/v3/routes/:guid", async (c) => {
    const route = routeOf(c);
    const input = await body(
      c,
      z.strictObject({ metadata: metadataSchema.optional(), options: optionsSchema.optional() }),
    );
    mergeMetadata(route, input.metadata);
    touch(cloud, route);
    return c.json(presentRoute(cloud, route));
  });
  hono.delete("/v3/routes/:guid", (c) => {
    const route = routeOf(c);
    return startJob(cloud, "route.delete", () => removeRoute(cloud, route));
  });

  hono.get("/v3/domains/:guid/route_reservations", (c) => {
    const domain = find(model.domains, c.req.param("guid"), "Domain");
    const query = checkQuery(c, ["host", "path", "port"]);
    const host = query.get("host") ?? "";
    const path = query.get("path") ?? "";
    const matching = Object.values(model.routes).some(
      (route) => route.domain === domain.guid && route.host === host && route.path === path,
    );
    return c.json({ matching_route: matching });
  });
  hono.delete("/v3/spaces/:guid/routes", (c) => {
    const space = find(model.spaces, c.req.param("guid"), "Space");
    if (checkQuery(c, ["unmapped"]).get("unmapped") !== "true") {
      throw unprocessable("Unmapped must be 'true'");
    }
    return startJob(cloud, "space.delete_unmapped_routes", () => {
      for (const route of Object.values(model.routes)) {
        if (route.space === space.guid && route.destinations.length === 0) removeRoute(cloud, route);
      }
    });
  });
  return hono;
}
