import { messageOf } from "../../base/errors.ts";
import { type Cloud, find, resource, timestamp, touch } from "./cloud.ts";
import { unprocessable } from "./errors.ts";
import type { App, Deployment, Process } from "./model.ts";
import { processesOf } from "./process-model.ts";

export function activeDeployment(cloud: Cloud, app: App): Deployment | undefined {
  return Object.values(cloud.model.deployments).find(
    (deployment) => deployment.app === app.guid && deployment.value === "ACTIVE",
  );
}

export function finish(cloud: Cloud, deployment: Deployment, reason: Deployment["reason"]): void {
  deployment.value = "FINALIZED";
  deployment.reason = reason;
  deployment.statusChangedAt = timestamp(cloud);
  touch(cloud, deployment);
}

/** The web process of a deployment: a new one with a new guid and the old one's settings. */
function twin(cloud: Cloud, old: Process): Process {
  const process: Process = { ...old, ...resource(cloud) };
  cloud.model.processes[process.guid] = process;
  return process;
}

/** Takes up the new web process, or waits for someone to cancel: a deployment whose instances don't come up stays active. */
export async function carryOut(cloud: Cloud, app: App, deployment: Deployment): Promise<void> {
  try {
    await cloud.runner.roll(app);
  } catch (error) {
    cloud.logs.append(app.guid, "API/0", `Deployment is stuck: ${messageOf(error)}`, "err");
    return;
  }
  if (deployment.value !== "ACTIVE" || deployment.reason !== "DEPLOYING") return;
  delete cloud.model.processes[deployment.oldProcess];
  finish(cloud, deployment, "DEPLOYED");
}

/** Starts a deployment of a droplet; one that runs already is superseded. */
export function deploy(
  cloud: Cloud,
  app: App,
  droplet: string,
  options: Pick<Deployment, "strategy" | "maxInFlight">,
): Deployment {
  const web = processesOf(cloud, app).web;
  if (web === undefined) throw unprocessable("Cannot create deployment for app without a web process.");
  const superseded = activeDeployment(cloud, app);
  if (superseded !== undefined) {
    finish(cloud, superseded, "SUPERSEDED");
    delete cloud.model.processes[superseded.oldProcess];
  }
  const stopped = app.state === "STOPPED";
  const next = stopped ? web : twin(cloud, web);
  const instances = cloud.runtime.supervisor.instances(app.guid);
  const deployment: Deployment = {
    ...resource(cloud),
    ...options,
    app: app.guid,
    droplet,
    previousDroplet: app.droplet,
    newProcess: next.guid,
    oldProcess: web.guid,
    oldInstances: instances.map((instance) => instance.id),
    previous: app.running,
    value: "ACTIVE",
    reason: "DEPLOYING",
    statusChangedAt: timestamp(cloud),
  };
  cloud.model.deployments[deployment.guid] = deployment;
  app.droplet = droplet;
  app.state = "STARTED";
  touch(cloud, app);
  if (stopped) {
    finish(cloud, deployment, "DEPLOYED");
    cloud.background(cloud.runner.start(app));
  } else {
    cloud.background(carryOut(cloud, app, deployment));
  }
  return deployment;
}

/** Goes back to what ran before the deployment. */
export function cancel(cloud: Cloud, deployment: Deployment): void {
  const app = find(cloud.model.apps, deployment.app, "App");
  deployment.reason = "CANCELING";
  app.droplet = deployment.previousDroplet;
  delete cloud.model.processes[deployment.newProcess];
  touch(cloud, deployment);
  const back =
    deployment.previous === undefined ? Promise.resolve() : cloud.runner.restore(app, deployment.previous);
  cloud.background(back.then(() => finish(cloud, deployment, "CANCELED")));
}
