import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createBuilder } from "./builder.ts";
import { createChildren, endOrphans } from "./children.ts";
import type { Runtime, RuntimeFlavour } from "./contract.ts";
import { createFaults, type OwnFaults } from "./faults.ts";
import { createLogs } from "./logs.ts";
import { createModelStore } from "./model-store.ts";
import { createPorts } from "./ports.ts";
import { createPostgres } from "./postgres.ts";
import { createRedis } from "./redis.ts";
import { createRouter } from "./router.ts";
import { createSupervisor } from "./supervisor.ts";

export interface RuntimeOptions {
  /** Holds all that the runtime keeps; made when it isn't there. One runtime a folder at a time. */
  readonly folder: string;
  readonly flavour: RuntimeFlavour;
}

/** A runtime as the process that hosts it sees it. */
export interface OwnRuntime extends Runtime {
  readonly faults: OwnFaults;
  /** Makes PostgreSQL ready before it is asked for, in the background. */
  warm(): void;
}

/**
 * Makes a runtime over a folder and ends what an earlier one, killed, left running there. Databases made earlier are
 * started again. Throws `port-in-use` or `address-unavailable` when the router can't listen.
 */
export async function createRuntime({ folder, flavour }: RuntimeOptions): Promise<OwnRuntime> {
  await mkdir(folder, { recursive: true });
  await endOrphans(folder);
  await Promise.all(
    ["instances", "builds"].map((name) => rm(join(folder, name), { recursive: true, force: true })),
  );
  const children = createChildren(folder);
  const ports = createPorts();
  const faults = createFaults();
  const logs = createLogs(flavour);
  const store = createModelStore(folder);
  const builder = createBuilder(folder, children);
  const host = { folder: join(folder, "instances"), flavour, children, ports, logs };
  const supervisor = createSupervisor(host, builder);
  const router = await createRouter({ flavour, supervisor, logs, faults });
  const services = { folder, address: flavour.address, children, ports, faults };
  const stores = Promise.all([createPostgres(services), createRedis(services)]);
  const [postgres, redis] = await stores.catch(async (error: unknown) => {
    // Nothing of a runtime that can't be had is to run on, the one that did start included.
    await router.close();
    await endOrphans(folder);
    throw error;
  });
  return {
    folder,
    builder,
    supervisor,
    router,
    postgres,
    redis,
    logs,
    faults,
    load: store.load,
    save: store.save,
    warm: postgres.warm,
    close: async () => {
      await supervisor.close();
      await Promise.all([router.close(), postgres.close(), redis.close(), store.flush()]);
      // A build may be under way.
      await children.end();
    },
  };
}
