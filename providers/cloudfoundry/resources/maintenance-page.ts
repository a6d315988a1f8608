import { z } from "zod";
import type { JsonObject } from "../../../src/base/json.ts";
import { identified, processSchema } from "../api/wire.ts";
import { pageMemoryMb, pageProcess } from "../control/page.ts";
import { inTurn } from "../deploy/rollout.ts";
import { define } from "./define.ts";
import { ensureProcess } from "./process.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  command: z.string(),
});

const pathOf = (app: string) => `/v3/apps/${app}/processes/${pageProcess}`;
const settings = (command: string): JsonObject => ({ command, health_check: { type: "port", data: {} } });

/**
 * What answers users in maintenance, which Cloud Foundry has none of: a process of the app that has no instance until
 * then. How many it has is the failover plane's business.
 */
export const maintenancePage = define({
  inputs,
  replaceOn: ["app"],

  async create({ client, deadline }, { app, command }) {
    await inTurn(client, app, async () => {
      await ensureProcess(client, { app, type: pageProcess }, deadline);
      await client.patch(pathOf(app), settings(command), identified, deadline);
      const json = { instances: 0, memory_in_mb: pageMemoryMb };
      await client.act(`${pathOf(app)}/actions/scale`, { json }, deadline);
    });
    return { id: app, outputs: {} };
  },

  async read({ client, deadline }, id) {
    const found = await client.find(pathOf(id), processSchema, deadline);
    return found === undefined
      ? undefined
      : { inputs: { app: id, command: found.command ?? "" }, outputs: {} };
  },

  async update({ client, deadline }, _current, { app, command }) {
    await client.patch(pathOf(app), settings(command), identified, deadline);
    return {};
  },

  async delete({ client, deadline }, current) {
    if ((await client.find(pathOf(current.id), identified, deadline)) === undefined) return;
    await client.act(`${pathOf(current.id)}/actions/scale`, { json: { instances: 0 } }, deadline);
  },
});
