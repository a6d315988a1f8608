import { z } from "zod";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import type { HerokuClient } from "../client/client.ts";
import { ifFound } from "../client/errors.ts";
import { appShape, buildpackShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({ app: z.string(), buildpacks: z.array(z.string()) });

const registryPrefix = "urn:buildpack:";

/** As a person writes it: Heroku answers `urn:buildpack:heroku/nodejs` to `heroku/nodejs`. */
export function writtenBuildpack({ buildpack }: z.output<typeof buildpackShape>): string {
  return buildpack.url.startsWith(registryPrefix)
    ? buildpack.url.slice(registryPrefix.length)
    : buildpack.url;
}

async function install(
  client: HerokuClient,
  app: string,
  buildpacks: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const updates = buildpacks.map((buildpack) => ({ buildpack }));
  await client.put(`/apps/${app}/buildpack-installations`, { updates }, z.array(buildpackShape), { signal });
}

/** All buildpacks of an app, in order. They count from the next build on. */
export const buildpacks: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app"],

  async create({ connection, signal }, values) {
    const { app, buildpacks: wanted } = inputs.parse(values);
    await install(clientOf(connection), app, wanted, signal);
    return { id: app, outputs: {} };
  },

  async read({ connection, signal }, id) {
    const client = clientOf(connection);
    const path = `/apps/${id}/buildpack-installations`;
    const found = await ifFound(client.get(path, z.array(buildpackShape), { signal }));
    if (found === undefined) return undefined;
    const app = await client.get(`/apps/${id}`, appShape, { signal });
    return { id: app.id, inputs: { app: app.id, buildpacks: found.map(writtenBuildpack) }, outputs: {} };
  },

  async update({ connection, signal }, current, values) {
    await install(clientOf(connection), current.id, inputs.parse(values).buildpacks, signal);
    return {};
  },

  async delete({ connection, signal }, { id }) {
    await ifFound(install(clientOf(connection), id, [], signal));
  },
};
