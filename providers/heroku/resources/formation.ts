import { z } from "zod";
import type { ResourceHandler } from "../../../src/platform/handler.ts";
import type { HerokuClient } from "../client/client.ts";
import { dynosSettled } from "../client/dynos.ts";
import { ifFound } from "../client/errors.ts";
import { appShape, formationShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({
  app: z.string(),
  quantities: z.record(z.string(), z.int().nonnegative()),
  sizes: z
    .record(
      z.string(),
      z.string().transform((size) => size.toLowerCase()),
    )
    .default({}),
});
type Inputs = z.output<typeof inputs>;

async function apply(
  client: HerokuClient,
  { app, quantities, sizes }: Inputs,
  signal: AbortSignal,
): Promise<void> {
  const types = [...new Set([...Object.keys(quantities), ...Object.keys(sizes)])].sort();
  if (types.length === 0) return;
  const updates = types.map((type) => ({ type, quantity: quantities[type], size: sizes[type] }));
  await client.patch(`/apps/${app}/formation`, { updates }, z.array(formationShape), { signal });
  await dynosSettled(client, app, 0, signal);
}

/** How many dynos of which size each process type has. Types must be in the app's release. */
export const formation: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app"],

  async create({ connection, signal }, values) {
    const wanted = inputs.parse(values);
    await apply(clientOf(connection), wanted, signal);
    return { id: wanted.app, outputs: {} };
  },

  async read({ connection, signal }, id, known) {
    const client = clientOf(connection);
    const found = await ifFound(client.list(`/apps/${id}/formation`, formationShape, { signal }));
    if (found === undefined) return undefined;
    const app = await client.get(`/apps/${id}`, appShape, { signal });
    const before = known?.inputs as Partial<Inputs> | undefined;
    const counted = found.filter(({ type }) =>
      before?.quantities === undefined ? type !== "release" : type in before.quantities,
    );
    const sized = found.filter(({ type }) => before?.sizes !== undefined && type in before.sizes);
    return {
      id: app.id,
      inputs: {
        app: app.id,
        quantities: Object.fromEntries(counted.map(({ type, quantity }) => [type, quantity])),
        sizes: Object.fromEntries(sized.map(({ type, size }) => [type, size.toLowerCase()])),
      },
      outputs: {},
    };
  },

  async update({ connection, signal }, _current, values) {
    await apply(clientOf(connection), inputs.parse(values), signal);
    return {};
  },

  /** Stops what it had started. */
  async delete({ connection, signal }, { id }) {
    const client = clientOf(connection);
    const found = await ifFound(client.list(`/apps/${id}/formation`, formationShape, { signal }));
    const updates = (found ?? [])
      .filter(({ quantity }) => quantity > 0)
      .map(({ type }) => ({ type, quantity: 0 }));
    if (updates.length === 0) return;
    await ifFound(client.patch(`/apps/${id}/formation`, { updates }, z.array(formationShape), { signal }));
  },
};
