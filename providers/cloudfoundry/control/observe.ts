import type { Deadline } from "../../../src/base/deadline.ts";
import type { ProcessObservation, SiteObservation } from "../../../src/platform/contract.ts";
import type { Client } from "../api/client.ts";
import { type AppAnswer, dropletSchema, processSchema, statsSchema } from "../api/wire.ts";
import { isInMaintenance } from "./maintenance.ts";
import { pageProcess } from "./page.ts";

/** What runs of an app now. `STARTED` is only what is wanted: the instances tell what is. */
export async function observeApp(client: Client, app: AppAnswer, until: Deadline): Promise<SiteObservation> {
  const path = `/v3/apps/${app.guid}`;
  const [listed, droplet] = await Promise.all([
    client.list(`${path}/processes`, processSchema, until),
    client.find(`${path}/droplets/current`, dropletSchema, until),
  ]);
  const processes: Record<string, ProcessObservation> = {};
  const usual = listed.filter((process) => process.type !== pageProcess);
  await Promise.all(
    usual.map(async ({ guid, type, instances }) => {
      const stats = await client.find(`/v3/processes/${guid}/stats`, statsSchema, until);
      const running = (stats?.resources ?? []).filter((instance) => instance.state === "RUNNING").length;
      // While a deployment runs there are two web processes: one takes over from the other.
      const before = processes[type] ?? { desired: 0, running: 0 };
      const desired = app.state === "STARTED" ? instances : 0;
      processes[type] = {
        desired: Math.max(before.desired, desired),
        running: before.running + running,
      };
    }),
  );
  return { processes, maintenance: isInMaintenance(app), release: droplet?.guid };
}
