import type { AppSpec, ProcessSpec, HealthCheck as RuntimeCheck } from "../runtime/contract.ts";
import { type Cloud, find, type Runner, touch } from "./cloud.ts";
import { startEnvironment } from "./environment.ts";
import type { App, HealthCheck, Process, Started } from "./model.ts";
import { commandOf, processesOf } from "./process-model.ts";
import { routesOf, syncRoute } from "./route-model.ts";

function runtimeCheck({ type, data }: HealthCheck): RuntimeCheck {
  const startTimeoutSeconds = data.timeout ?? 60;
  if (type === "process") return { type };
  if (type === "port") return { type, startTimeoutSeconds };
  return { type, path: data.endpoint ?? "/", startTimeoutSeconds, intervalSeconds: data.interval ?? 30 };
}

function partsOf(cloud: Cloud, app: App, process: Process): Started["processes"][string] | undefined {
  const command = commandOf(cloud, app, process);
  if (command === undefined) return undefined;
  return { command, memoryMb: process.memoryMb, healthCheck: process.healthCheck };
}

async function freeze(cloud: Cloud, app: App): Promise<Started> {
  const processes = Object.values(processesOf(cloud, app)).flatMap((process) => {
    const parts = partsOf(cloud, app, process);
    return parts === undefined ? [] : [[process.type, parts] as const];
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
      quantity: app.state === "STARTED" ? (processes[type]?.instances ?? 0) : 0,
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
  const inTurn = (app: App, work: () => Promise<void>): Promise<void> => {
    const turn = (queues.get(app.guid) ?? Promise.resolve()).then(async () => {
      if (cloud.model.apps[app.guid] === app) await work();
    });
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
    for (const route of routesOf(cloud, app.guid)) syncRoute(cloud, route);
  };
  const isDeploying = (app: App) =>
    Object.values(cloud.model.deployments).some((item) => item.app === app.guid && item.value === "ACTIVE");

  return {
    start: (app) =>
      inTurn(app, async () => {
        if (app.state === "STARTED") await apply(app, await freeze(cloud, app), "recreate");
      }),
    stop: (app) =>
      inTurn(app, async () => {
        if (app.state === "STOPPED" && app.running !== undefined) await apply(app, app.running, "recreate");
      }),
    async roll(app) {
      await inTurn(app, async () => apply(app, await freeze(cloud, app), "rolling"));
      await supervisor.settled(app.guid);
    },
    restore: (app, previous) => inTurn(app, () => apply(app, previous, "rolling")),
    scale: (app) =>
      inTurn(app, async () => {
        if (app.running === undefined) return;
        const missing = Object.values(processesOf(cloud, app)).flatMap((process) => {
          const parts = app.running?.processes[process.type] ?? partsOf(cloud, app, process);
          return parts === undefined ? [] : [[process.type, parts] as const];
        });
        const started = { ...app.running, processes: Object.fromEntries(missing) };
        await apply(app, started, isDeploying(app) ? "rolling" : "recreate");
      }),
    async remove(app) {
      await queues.get(app.guid);
      queues.delete(app.guid);
      await supervisor.remove(app.guid);
    },
  };
}
