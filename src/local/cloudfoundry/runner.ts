import type { AppSpec, ProcessSpec, HealthCheck as RuntimeCheck } from "../runtime/contract.ts";
import { type Cloud, find, touch } from "./cloud.ts";
import { startEnvironment } from "./environment.ts";
import type { App, HealthCheck, Process, Started } from "./model.ts";
import { routesOf, syncRoute } from "./route-model.ts";

/**
 * Tells the runtime what should run. What an app's instances were started with is frozen in `app.running`, as on Cloud
 * Foundry: only a start, restart or deployment takes up a new environment, droplet or command; scaling does not.
 */
export interface Runner {
  /** Stops what runs and starts everything anew. */
  start(app: App): Promise<void>;
  stop(app: App): Promise<void>;
  /** Takes up the present droplet, environment and commands instance by instance; settles when all are up. */
  roll(app: App): Promise<void>;
  /** Goes back to what ran before. */
  restore(app: App, previous: Started): Promise<void>;
  /** Takes up changed numbers of instances. */
  scale(app: App): Promise<void>;
  /** Stops an app and forgets it. */
  remove(app: App): Promise<void>;
}

function runtimeCheck({ type, data }: HealthCheck): RuntimeCheck {
  const startTimeoutSeconds = data.timeout ?? 60;
  if (type === "process") return { type };
  if (type === "port") return { type, startTimeoutSeconds };
  return { type, path: data.endpoint ?? "/", startTimeoutSeconds, intervalSeconds: data.interval ?? 30 };
}

/** The processes of an app; of two of a type, while a deployment runs, the newer one. */
export function processesOf(cloud: Cloud, app: App): Readonly<Record<string, Process>> {
  const own = Object.values(cloud.model.processes).filter((process) => process.app === app.guid);
  return Object.fromEntries(own.map((process) => [process.type, process]));
}

/** The command that a process runs: its own, else the droplet's. */
export function commandOf(cloud: Cloud, app: App, process: Process): string | undefined {
  const droplet = app.droplet === undefined ? undefined : cloud.model.droplets[app.droplet];
  return process.command ?? droplet?.processTypes[process.type];
}

async function freeze(cloud: Cloud, app: App): Promise<Started> {
  const processes = Object.values(processesOf(cloud, app)).flatMap((process) => {
    const command = commandOf(cloud, app, process);
    if (command === undefined) return [];
    const { memoryMb, healthCheck } = process;
    return [[process.type, { command, memoryMb, healthCheck }] as const];
  });
  return {
    droplet: find(cloud.model.droplets, app.droplet, "Droplet").guid,
    env: await startEnvironment(cloud, app),
    processes: Object.fromEntries(processes),
  };
}

function specOf(cloud: Cloud, app: App, started: Started): AppSpec {
  const processes = processesOf(cloud, app);
  const specs = Object.entries(started.processes).map(([type, { command, memoryMb, healthCheck }]) => {
    const spec: ProcessSpec = {
      // The launcher on a cell sets what differs between processes just so, before the command.
      command: `export MEMORY_LIMIT=${memoryMb}m; ${command}`,
      quantity: processes[type]?.instances ?? 0,
      health: runtimeCheck(healthCheck),
    };
    return [type, spec] as const;
  });
  return {
    slug: find(cloud.model.droplets, started.droplet, "Droplet").slug,
    env: started.env,
    processes: Object.fromEntries(specs),
  };
}

export function createRunner(cloud: Cloud): Runner {
  const { supervisor } = cloud.runtime;
  const queues = new Map<string, Promise<unknown>>();

  /** What is asked of one app is done in the order in which it was asked. */
  const inTurn = <T>(app: App, work: () => Promise<T>): Promise<T> => {
    const turn = (queues.get(app.guid) ?? Promise.resolve()).then(work, work);
    queues.set(
      app.guid,
      turn.catch(() => undefined),
    );
    return turn;
  };
  const apply = async (app: App, started: Started, strategy: "recreate" | "rolling") => {
    app.running = started;
    touch(cloud, app);
    await supervisor.apply(app.guid, specOf(cloud, app, started), strategy);
  };

  return {
    start: (app) =>
      inTurn(app, async () => {
        await supervisor.remove(app.guid);
        // It may have been stopped or deleted meanwhile.
        if (app.state !== "STARTED" || cloud.model.apps[app.guid] !== app) return;
        for (const route of routesOf(cloud, app.guid)) syncRoute(cloud, route);
        await apply(app, await freeze(cloud, app), "recreate");
      }),
    stop: (app) =>
      inTurn(app, async () => {
        if (app.state !== "STOPPED") return;
        app.running = undefined;
        cloud.save();
        await supervisor.remove(app.guid);
      }),
    async roll(app) {
      await inTurn(app, async () => apply(app, await freeze(cloud, app), "rolling"));
      await supervisor.settled(app.guid);
    },
    restore: (app, previous) => inTurn(app, () => apply(app, previous, "rolling")),
    scale: (app) =>
      inTurn(app, async () => {
        if (app.running !== undefined) await apply(app, app.running, "recreate");
      }),
    remove: (app) => inTurn(app, () => supervisor.remove(app.guid)),
  };
}
