import type { CallOptions, ProcessObservation, SiteObservation } from "../../../src/platform/contract.ts";
import { type KubernetesObject, valueAt } from "../client/object.ts";
import { isInMaintenance } from "./maintenance.ts";
import { frontProcess, numberAt, type Place, processesOf } from "./place.ts";

/** `revision 4, sha256:0123456789ab`: the Deployment's own count, and what tells the same release on another site. */
function releaseOf(deployment: KubernetesObject): string | undefined {
  const revision = deployment.metadata.annotations?.["deployment.kubernetes.io/revision"];
  const image = valueAt(deployment, "spec.template.spec.containers.0.image");
  if (revision === undefined || typeof image !== "string") return undefined;
  const digest = image.split("@")[1];
  const short = digest?.slice(0, digest.indexOf(":") + 13) ?? image.slice(image.lastIndexOf("/") + 1);
  return `revision ${revision}, ${short}`;
}

/** What runs of a site now. */
export async function observeSite(place: Place, options: CallOptions): Promise<SiteObservation> {
  const [found, maintenance] = await Promise.all([
    processesOf(place, options),
    isInMaintenance(place, options),
  ]);
  const processes: Record<string, ProcessObservation> = {};
  for (const { process, deployment } of found) {
    // Left out means one.
    const desired = valueAt(deployment, "spec.replicas");
    processes[process] = {
      desired: typeof desired === "number" ? desired : 1,
      running: numberAt(deployment, "status.readyReplicas"),
    };
  }
  const front = found.find(({ process }) => process === frontProcess(place)) ?? found[0];
  return {
    processes,
    maintenance,
    release: front === undefined ? undefined : releaseOf(front.deployment),
  };
}
