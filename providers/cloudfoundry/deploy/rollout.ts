import { type Deadline, deadline as newDeadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { Client } from "../api/client.ts";
import {
  anything,
  appSchema,
  type DeploymentAnswer,
  deploymentSchema,
  processSchema,
  statsSchema,
} from "../api/wire.ts";
import { logEnd } from "./log.ts";

/** Crashed at so many looks in a row, with a second between them, an app isn't going to come up. */
const hopelessAfter = 4;
const lookPauseMs = 1_000;

/** What is under way and waiting for one app, from this process. */
interface Lane {
  tail: Promise<unknown>;
  /** A rollout that hasn't begun: whoever asks for one joins it. */
  waiting: Promise<void> | undefined;
  /** Guid of the deployment that was begun last. */
  latest: string | undefined;
}

const lanes = new WeakMap<Client, Map<string, Lane>>();

function laneOf(client: Client, app: string): Lane {
  const known = lanes.get(client) ?? new Map<string, Lane>();
  lanes.set(client, known);
  const lane = known.get(app) ?? { tail: Promise.resolve(), waiting: undefined, latest: undefined };
  known.set(app, lane);
  return lane;
}

/** Does work on an app after what was asked before: the API refuses much while a deployment runs. */
export function inTurn<T>(client: Client, app: string, work: () => Promise<T>): Promise<T> {
  const lane = laneOf(client, app);
  const turn = lane.tail.then(work);
  lane.tail = turn.catch(() => {});
  return turn;
}

/** An error with the end of what the app's processes, and their cells about them, said. */
async function startFailed(client: Client, app: string, what: string): Promise<UnderstudyError> {
  const isWanted = ({ sourceType }: { readonly sourceType: string }) =>
    sourceType === "CELL" || sourceType.startsWith("APP/PROC");
  const end = await logEnd(client, app, isWanted, newDeadline({ timeoutMs: 5_000 }));
  return new UnderstudyError(`${what}. The app's log ends with:\n${end || "(no log)"}`, {
    code: "start-failed",
    path: app,
    suggestion: "Mend what the log's end names, and run the same again.",
  });
}

async function statesOf(client: Client, process: string, deadline: Deadline): Promise<readonly string[]> {
  const found = await client.find(`/v3/processes/${process}/stats`, statsSchema, deadline);
  return (found?.resources ?? []).map((instance) => instance.state);
}

/** Counts looks at which nothing but crashes was to be seen. */
function hopelessness(): (states: readonly string[]) => boolean {
  let crashed = 0;
  return (states) => {
    crashed = states.length > 0 && states.every((state) => state === "CRASHED") ? crashed + 1 : 0;
    return crashed >= hopelessAfter;
  };
}

/** Waits until no deployment of the app is under way, whoever began it. */
export async function awaitQuiet(client: Client, app: string, deadline: Deadline): Promise<void> {
  for (let waitMs = 100; ; waitMs = Math.min(2_000, waitMs * 1.5)) {
    const query = { app_guids: app, status_values: "ACTIVE" };
    const active = await client.list("/v3/deployments", deploymentSchema, deadline, query);
    if (active.length === 0) return;
    await deadline.pause(waitMs, "a deployment that is under way");
  }
}

/** Waits for the end of a deployment. One that can't succeed is cancelled; one that takes longer than we wait goes on. */
async function follow(
  client: Client,
  app: string,
  made: DeploymentAnswer,
  deadline: Deadline,
): Promise<void> {
  const path = `/v3/deployments/${made.guid}`;
  const isHopeless = hopelessness();
  const web = made.new_processes.find((process) => process.type === "web")?.guid;
  let looked = deadline.clock.monotonic();
  for (let waitMs = 50; ; waitMs = Math.min(lookPauseMs, waitMs * 1.5)) {
    const { status } = await client.get(path, deploymentSchema, deadline);
    if (status.value === "FINALIZED") {
      // A later deployment took over: it carries what this one did, and more.
      if (status.reason === "DEPLOYED" || status.reason === "SUPERSEDED") return;
      throw new UnderstudyError(`The deployment ended as ${status.reason}, by someone else's doing.`, {
        code: "deployment-cancelled",
        path: app,
      });
    }
    const now = deadline.clock.monotonic();
    if (web !== undefined && now - looked >= lookPauseMs) {
      looked = now;
      if (isHopeless(await statesOf(client, web, deadline))) {
        const failure = await startFailed(
          client,
          app,
          "The new instances crash as they start; the old ones stay",
        );
        await client.act(`${path}/actions/cancel`, { json: {} }, deadline);
        throw failure;
      }
    }
    await deadline.pause(waitMs, "the deployment");
  }
}

/** The deployment that another one would only repeat: begun by this process, and still under way. */
async function underWay(
  client: Client,
  app: string,
  deadline: Deadline,
): Promise<DeploymentAnswer | undefined> {
  const guid = laneOf(client, app).latest;
  if (guid === undefined) return undefined;
  const found = await client.find(`/v3/deployments/${guid}`, deploymentSchema, deadline);
  return found?.status.value === "ACTIVE" ? found : undefined;
}

/**
 * Rolls a droplet out, by default the current one with its new settings. Give it a turn with {@link inTurn}. `resume`:
 * nothing changed since the last time, so one that is under way is waited for instead of being superseded.
 */
export async function deploy(
  client: Client,
  app: string,
  deadline: Deadline,
  options: { readonly droplet?: string; readonly resume?: boolean } = {},
): Promise<void> {
  const { droplet, resume = false } = options;
  const json = {
    relationships: { app: { data: { guid: app } } },
    strategy: "rolling",
    ...(droplet === undefined ? {} : { droplet: { guid: droplet } }),
  };
  const before = resume ? await underWay(client, app, deadline) : undefined;
  const made = before ?? (await client.create("/v3/deployments", json, deploymentSchema, deadline));
  laneOf(client, app).latest = made.guid;
  await follow(client, app, made, deadline);
}

/**
 * Makes a started app take up its changed settings, instance by instance; a stopped one takes them up when it starts.
 * Requests that come while one waits for its turn are one.
 */
export function rollOut(client: Client, app: string, deadline: Deadline): Promise<void> {
  const lane = laneOf(client, app);
  lane.waiting ??= inTurn(client, app, async () => {
    lane.waiting = undefined;
    const { state } = await client.get(`/v3/apps/${app}`, appSchema, deadline);
    if (state === "STARTED") await deploy(client, app, deadline);
  });
  return lane.waiting;
}

/** Sets the first droplet and starts the app; settles when each process has an instance that runs. */
export async function firstStart(
  client: Client,
  app: string,
  droplet: string,
  deadline: Deadline,
): Promise<void> {
  const path = `/v3/apps/${app}`;
  await client.patch(
    `${path}/relationships/current_droplet`,
    { data: { guid: droplet } },
    anything,
    deadline,
  );
  await client.act(`${path}/actions/start`, { json: {} }, deadline);
  await started(client, app, deadline);
}

/** Waits until each process that should run has an instance that does. Throws `start-failed` with the log's end. */
export async function started(client: Client, app: string, deadline: Deadline): Promise<void> {
  const isHopeless = hopelessness();
  let looked = deadline.clock.monotonic();
  for (let waitMs = 50; ; waitMs = Math.min(lookPauseMs, waitMs * 1.5)) {
    const processes = await client.list(`/v3/apps/${app}/processes`, processSchema, deadline);
    const wanted = processes.filter((process) => process.instances > 0);
    const states = await Promise.all(wanted.map((process) => statesOf(client, process.guid, deadline)));
    if (states.every((of) => of.includes("RUNNING"))) return;
    const now = deadline.clock.monotonic();
    if (now - looked >= lookPauseMs) {
      looked = now;
      const waiting = states.filter((of) => !of.includes("RUNNING")).flat();
      if (isHopeless(waiting))
        throw await startFailed(client, app, "The app's instances crash as they start");
    }
    await deadline.pause(waitMs, "the app's instances to run");
  }
}
