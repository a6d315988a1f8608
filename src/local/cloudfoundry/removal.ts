import { deprovision } from "./backing.ts";
import type { Cloud } from "./cloud.ts";
import type { App, Route, ServiceInstance, Space } from "./model.ts";
import { syncRoute } from "./route-model.ts";

function drop<Item extends { readonly guid: string }>(
  table: Record<string, Item>,
  gone: (item: Item) => boolean,
): readonly Item[] {
  const items = Object.values(table).filter(gone);
  for (const item of items) delete table[item.guid];
  return items;
}

/** Takes what a build made, unless another droplet is of the same: builds of the same source share it. */
export async function removeSlug(cloud: Cloud, slug: string): Promise<void> {
  const isUsed = Object.values(cloud.model.droplets).some((droplet) => droplet.slug === slug);
  if (!isUsed) await cloud.runtime.builder.remove(slug);
}

/** Takes an app with all that belongs to it; its routes stay, without it. */
export async function removeApp(cloud: Cloud, app: App): Promise<void> {
  const { model } = cloud;
  const own = <Item extends { readonly app: string | undefined }>(item: Item) => item.app === app.guid;
  for (const route of Object.values(model.routes)) {
    if (!route.destinations.some(own)) continue;
    route.destinations = route.destinations.filter((destination) => !own(destination));
    syncRoute(cloud, route);
  }
  delete model.apps[app.guid];
  await cloud.runner.remove(app);
  drop(model.processes, own);
  drop(model.builds, own);
  drop(model.deployments, own);
  drop(model.tasks, own);
  for (const binding of drop(model.bindings, own)) cloud.drains.stop(binding.guid);
  for (const { guid } of drop(model.packages, own)) await cloud.bits.remove(guid);
  for (const { slug } of drop(model.droplets, own)) await removeSlug(cloud, slug);
  cloud.logs.forget(app.guid);
  cloud.save();
}

export function removeRoute(cloud: Cloud, route: Route): void {
  route.destinations = [];
  syncRoute(cloud, route);
  delete cloud.model.routes[route.guid];
  cloud.save();
}

/** Takes a service instance, its data and its bindings. */
export async function removeInstance(cloud: Cloud, instance: ServiceInstance): Promise<void> {
  for (const { guid } of drop(cloud.model.bindings, (item) => item.instance === instance.guid)) {
    cloud.drains.stop(guid);
  }
  await deprovision(cloud, instance);
  delete cloud.model.instances[instance.guid];
  cloud.save();
}

export async function removeSpace(cloud: Cloud, space: Space): Promise<void> {
  const { model } = cloud;
  const inside = (item: { readonly space: string }) => item.space === space.guid;
  for (const app of Object.values(model.apps).filter(inside)) await removeApp(cloud, app);
  for (const route of Object.values(model.routes).filter(inside)) removeRoute(cloud, route);
  for (const instance of Object.values(model.instances).filter(inside)) await removeInstance(cloud, instance);
  delete model.spaces[space.guid];
  cloud.save();
}
