import { z } from "zod";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { HerokuClient } from "./client/client.ts";
import {
  addonShape,
  appShape,
  attachmentShape,
  buildpackShape,
  configShape,
  domainShape,
  drainShape,
  formationShape,
} from "./client/shapes.ts";
import { clientOf } from "./client/shared.ts";
import { unguarded } from "./render/procfile.ts";
import { serviceTypeOf } from "./render/services.ts";
import { writtenBuildpack } from "./resources/buildpacks.ts";
import type { HerokuConnection } from "./settings.ts";

async function servicesOf(client: HerokuClient, path: string): Promise<Record<string, Json>> {
  const [addons, attachments] = await Promise.all([
    client.list(`${path}/addons`, addonShape),
    client.list(`${path}/addon-attachments`, attachmentShape),
  ]);
  const services = addons.map(({ id, plan }): [string, Json] => {
    const names = attachments.filter(({ addon }) => addon.id === id).map(({ name }) => name);
    const name = (names[0] ?? plan.name.split(":")[0] ?? "service").toLowerCase().replaceAll("_", "-");
    return [
      name,
      {
        type: serviceTypeOf(plan.name),
        plan: { heroku: plan.name },
        env: names.map((attachment) => `${attachment}_URL`),
      },
    ];
  });
  return Object.fromEntries(services);
}

/**
 * A description of what runs. Which config vars are secret can't be seen, so all become secrets, by name alone: no value
 * leaves Heroku.
 */
export async function observeApp(connection: HerokuConnection, name: string): Promise<JsonObject> {
  const client = clientOf(connection);
  const path = `/apps/${name}`;
  const [app, config, formation, services, domains, drains, buildpacks] = await Promise.all([
    client.get(path, appShape),
    client.get(`${path}/config-vars`, configShape),
    client.list(`${path}/formation`, formationShape),
    servicesOf(client, path),
    client.list(`${path}/domains`, domainShape),
    client.list(`${path}/log-drains`, drainShape),
    client.get(`${path}/buildpack-installations`, z.array(buildpackShape)),
  ]);
  const ofServices = new Set(
    Object.values(services).flatMap((service) => (service as { readonly env: readonly string[] }).env),
  );
  const release = formation.find(({ type }) => type === "release");
  const processes = formation
    .filter(({ type }) => type !== "release")
    .map(({ type, command, quantity, size }) => [
      type,
      { command, scale: { count: quantity }, size: { plan: { heroku: size.toLowerCase() } } },
    ]);
  const secrets = Object.keys(config).filter((key) => !ofServices.has(key) && !key.startsWith("UNDERSTUDY_"));
  return {
    name: app.name,
    build: {
      stack: { heroku: app.build_stack.name },
      ...(buildpacks.length === 0 ? {} : { buildpacks: buildpacks.map(writtenBuildpack) }),
    },
    processes: Object.fromEntries(processes),
    ...(release === undefined ? {} : { release: { command: unguarded(release.command) } }),
    services,
    secrets: Object.fromEntries(secrets.map((key) => [key, {}])),
    domains: domains.filter(({ kind }) => kind === "custom").map(({ hostname }) => hostname),
    drains: drains.map(({ url }) => ({ url })),
  };
}
