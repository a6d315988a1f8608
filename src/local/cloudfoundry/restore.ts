import type { Cloud } from "./cloud.ts";
import { carryOut, finish } from "./deployment-model.ts";
import { syncRoute } from "./route-model.ts";

/** Sets going what ran when the provider last stopped, and closes what can't go on. */
export function restore(cloud: Cloud): void {
  const { model } = cloud;
  for (const build of Object.values(model.builds)) {
    if (build.state !== "STAGING") continue;
    build.state = "FAILED";
    build.error = "StagingError - Staging was interrupted";
  }
  for (const task of Object.values(model.tasks)) {
    if (task.state === "SUCCEEDED" || task.state === "FAILED") continue;
    task.state = "FAILED";
    task.failureReason = "Unable to determine completion status";
  }
  for (const job of Object.values(model.jobs)) {
    if (job.state !== "PROCESSING") continue;
    job.state = "FAILED";
    job.errors = [{ code: 10001, title: "UnknownError", detail: "The job was interrupted." }];
  }
  for (const app of Object.values(model.apps)) {
    cloud.logs.follow(app.guid);
    if (app.state === "STARTED" && app.running !== undefined) cloud.background(cloud.runner.scale(app));
  }
  for (const deployment of Object.values(model.deployments)) {
    const app = model.apps[deployment.app];
    if (deployment.value !== "ACTIVE" || app === undefined) continue;
    if (deployment.reason === "CANCELING") finish(cloud, deployment, "CANCELED");
    else cloud.background(carryOut(cloud, app, deployment));
  }
  for (const route of Object.values(model.routes)) syncRoute(cloud, route);
  for (const binding of Object.values(model.bindings)) cloud.drains.start(binding);
  cloud.save();
}
