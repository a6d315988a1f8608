import { type Cloud, find } from "./cloud.ts";
import type { Route } from "./model.ts";

/** The host name that a route is for. */
function hostOf(cloud: Cloud, route: Route): string {
  const { name } = find(cloud.model.domains, route.domain, "Domain");
  return route.host === "" ? name : `${route.host}.${name}`;
}

export function urlOf(cloud: Cloud, route: Route): string {
  return `${hostOf(cloud, route)}${route.path}`;
}

export function routesOf(cloud: Cloud, app: string): readonly Route[] {
  return Object.values(cloud.model.routes).filter((route) =>
    route.destinations.some((destination) => destination.app === app),
  );
}

/**
 * Tells the router where a route leads now. The router takes one target for a host and path: the first destination
 * whose app is started, else the first.
 */
export function syncRoute(cloud: Cloud, route: Route): void {
  const { router } = cloud.runtime;
  const path = route.path === "" ? undefined : route.path;
  const started = route.destinations.find(({ app }) => cloud.model.apps[app]?.state === "STARTED");
  const target = started ?? route.destinations[0];
  const host = hostOf(cloud, route);
  if (target === undefined) router.unroute(host, path);
  else {
    router.route(host, {
      app: target.app,
      type: target.processType,
      ...(path === undefined ? {} : { path }),
    });
  }
}
