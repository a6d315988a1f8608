import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { body } from "./body.ts";
import { type Cloud, find, link, touch } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import type { Destination, Route } from "./model.ts";
import { syncRoute } from "./route-model.ts";

const destinationSchema = z.strictObject({
  app: z.strictObject({
    guid: z.string(),
    process: z.strictObject({ type: z.string() }).optional(),
  }),
  port: z.int().min(1).max(65535).nullable().optional(),
  protocol: z.enum(["http1", "http2"]).nullable().optional(),
  weight: z.int().min(1).max(100).nullable().optional(),
});
type DestinationInput = z.output<typeof destinationSchema>;
const insertSchema = z.strictObject({ destinations: z.array(destinationSchema).min(1).max(100) });
const replaceSchema = z.strictObject({ destinations: z.array(destinationSchema).max(100) });

export function presentDestination(destination: Destination): object {
  return {
    guid: destination.guid,
    app: { guid: destination.app, process: { type: destination.processType } },
    weight: destination.weight,
    port: destination.port,
    protocol: destination.protocol,
    created_at: null,
    updated_at: null,
  };
}

/** Adds a destination unless the route has it. */
export function addDestination(route: Route, input: DestinationInput): void {
  const destination: Destination = {
    guid: randomUUID(),
    app: input.app.guid,
    processType: input.app.process?.type ?? "web",
    port: input.port ?? 8080,
    protocol: input.protocol ?? "http1",
    weight: input.weight ?? null,
  };
  const same = (other: Destination) =>
    other.app === destination.app &&
    other.processType === destination.processType &&
    other.port === destination.port;
  if (!route.destinations.some(same)) route.destinations = [...route.destinations, destination];
}

/** Where routes lead: apps and their process types. */
export function destinations(cloud: Cloud): Hono {
  const hono = new Hono();
  const { model } = cloud;
  const routeOf = (c: Context) => find(model.routes, c.req.param("guid"), "Route");
  const presentDestinations = (route: Route) => ({
    destinations: route.destinations.map(presentDestination),
    links: {
      self: link(cloud, `/v3/routes/${route.guid}/destinations`),
      route: link(cloud, `/v3/routes/${route.guid}`),
    },
  });
  const checkApps = (route: Route, inputs: readonly DestinationInput[]) => {
    for (const { app } of inputs) {
      const target = model.apps[app.guid];
      if (target === undefined) {
        throw unprocessable(`App(s) with guid(s) "${app.guid}" do not exist or you do not have access.`);
      }
      if (target.space !== route.space) {
        throw unprocessable(
          "Routes destinations must be in either the route's space or the route's shared spaces",
        );
      }
    }
  };
  const changed = (c: Context, route: Route) => {
    syncRoute(cloud, route);
    touch(cloud, route);
    return c.json(presentDestinations(route));
  };

  hono.get("/v3/routes/:guid/destinations", (c) => c.json(presentDestinations(routeOf(c))));
  hono.post("/v3/routes/:guid/destinations", async (c) => {
    const route = routeOf(c);
    const input = await body(c, insertSchema);
    if (input.destinations.some((item) => item.weight != null)) {
      throw unprocessable(
        "Destinations cannot be inserted when there are weighted destinations already configured.",
      );
    }
    checkApps(route, input.destinations);
    for (const item of input.destinations) addDestination(route, item);
    return changed(c, route);
  });
  hono.patch("/v3/routes/:guid/destinations", async (c) => {
    const route = routeOf(c);
    const { destinations } = await body(c, replaceSchema);
    checkApps(route, destinations);
    const weights = destinations.filter((item) => item.weight != null);
    const sum = weights.reduce((total, item) => total + (item.weight ?? 0), 0);
    if (weights.length > 0 && (weights.length < destinations.length || sum !== 100)) {
      throw unprocessable("Destinations must have weights that sum to 100.");
    }
    route.destinations = [];
    for (const item of destinations) addDestination(route, item);
    return changed(c, route);
  });
  hono.delete("/v3/routes/:guid/destinations/:destination", (c) => {
    const route = routeOf(c);
    const guid = c.req.param("destination");
    if (!route.destinations.some((item) => item.guid === guid)) {
      throw unprocessable(
        "Unable to unmap route from destination. Ensure the route has a destination with this guid.",
      );
    }
    route.destinations = route.destinations.filter((item) => item.guid !== guid);
    changed(c, route);
    return c.body(null, 204);
  });
  return hono;
}
