import { isJsonObject, type Json } from "../../../../src/base/json.ts";
import type { CallOptions } from "../../../../src/platform/contract.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";
import { conditionOf, countAt, isObserved, isTrue } from "./conditions.ts";
import { seen, warningsOf } from "./events.ts";
import { explainPods } from "./explain-pods.ts";
import { failed, type Look, type Readiness, ready, type Wait, waiting } from "./look.ts";
import { selectorText } from "./selector.ts";

function wanted(workload: KubernetesObject): number {
  const replicas = valueAt(workload, "spec.replicas");
  return typeof replicas === "number" ? replicas : 1;
}

const unseen = waiting("its controller hasn't seen the change yet");

/** Judged as `kubectl rollout status` does. */
function lookAtDeployment(deployment: KubernetesObject, wait: Wait): Look {
  if (!isObserved(deployment)) return unseen;
  if (valueAt(deployment, "spec.paused") === true) return ready;
  const stalled = stalledFor(deployment, wait);
  if (stalled !== undefined) return stalled;
  const count = wanted(deployment);
  const updated = countAt(deployment, "status.updatedReplicas");
  if (updated < count) return waiting(`${updated} of ${count} pods are new`);
  const old = countAt(deployment, "status.replicas") - updated;
  if (old > 0) return waiting(`${old} old pods have to end`);
  const available = countAt(deployment, "status.availableReplicas");
  return available < updated ? waiting(`${available} of ${count} pods are available`) : ready;
}

/** The verdict on an earlier rollout stands until the new one gets on: that one has the same time to do so. */
function stalledFor(deployment: KubernetesObject, { first, waitedMs }: Wait): Look | undefined {
  const [now, then] = [deployment, first].map((object) => conditionOf(object, "Progressing"));
  const isStalled = now?.reason === "ProgressDeadlineExceeded";
  const seconds = countAt(deployment, "spec.progressDeadlineSeconds");
  const isOld = then?.reason === now?.reason && then?.updated === now?.updated;
  if (!isStalled || (isOld && waitedMs < seconds * 1000)) return undefined;
  return failed(`it made no progress within ${seconds} s (progressDeadlineSeconds)`);
}

function lookAtStatefulSet(set: KubernetesObject): Look {
  if (!isObserved(set)) return unseen;
  const count = wanted(set);
  const available = countAt(set, "status.readyReplicas");
  if (available < count) return waiting(`${available} of ${count} pods are ready`);
  const isRolling = valueAt(set, "spec.updateStrategy.type") !== "OnDelete";
  const partition = countAt(set, "spec.updateStrategy.rollingUpdate.partition");
  const updated = countAt(set, "status.updatedReplicas");
  const isUpdated = valueAt(set, "status.currentRevision") === valueAt(set, "status.updateRevision");
  if (!isRolling || isUpdated || updated >= count - partition) return ready;
  return waiting(`${updated} of ${count - partition} pods are new`);
}

function lookAtDaemonSet(set: KubernetesObject): Look {
  if (!isObserved(set)) return unseen;
  const count = countAt(set, "status.desiredNumberScheduled");
  const updated = countAt(set, "status.updatedNumberScheduled");
  const isRolling = valueAt(set, "spec.updateStrategy.type") !== "OnDelete";
  if (isRolling && updated < count) return waiting(`${updated} of ${count} pods are new`);
  const available = countAt(set, "status.numberAvailable");
  return available < count ? waiting(`${available} of ${count} pods are available`) : ready;
}

function lookAtReplicas(controller: KubernetesObject): Look {
  if (!isObserved(controller)) return unseen;
  const [count, available] = [wanted(controller), countAt(controller, "status.availableReplicas")];
  return available < count ? waiting(`${available} of ${count} pods are available`) : ready;
}

function lookAtJob(job: KubernetesObject): Look {
  if (valueAt(job, "spec.suspend") === true || isTrue(job, "Complete")) return ready;
  const condition = conditionOf(job, "Failed");
  if (condition?.status !== "True") return waiting(`it runs: ${countAt(job, "status.active")} pods`);
  if (condition.reason === "DeadlineExceeded") {
    return failed(
      `it took longer than ${countAt(job, "spec.activeDeadlineSeconds")} s (activeDeadlineSeconds)`,
    );
  }
  return failed(`it failed: ${condition.message || condition.reason}`);
}

function lookAtPod(pod: KubernetesObject): Look {
  const phase = valueAt(pod, "status.phase");
  if (phase === "Succeeded" || isTrue(pod, "Ready")) return ready;
  return phase === "Failed" ? failed("it failed") : waiting(`it is ${phase ?? "not seen yet"}`);
}

function isOwnedBy(object: KubernetesObject, owner: KubernetesObject): boolean {
  const owners = valueAt(object, "metadata.ownerReferences");
  return (
    Array.isArray(owners) &&
    owners.some((item: Json) => isJsonObject(item) && item.uid === owner.metadata.uid)
  );
}

async function owned(
  client: ObjectClient,
  owner: KubernetesObject,
  kind: "Pod" | "ReplicaSet",
  selector: string,
  options: CallOptions,
): Promise<readonly KubernetesObject[]> {
  const { namespace } = owner.metadata;
  if (namespace === undefined || selector === "") return [];
  const apiVersion = kind === "Pod" ? "v1" : "apps/v1";
  const all = await seen(client, { apiVersion, kind, namespace, labelSelector: selector }, options);
  return all.filter((item) => isOwnedBy(item, owner));
}

/** The last warning about an object that made no pods: quota, admission, a missing account. */
async function creationTrouble(
  client: ObjectClient,
  owner: KubernetesObject,
  options: CallOptions,
): Promise<readonly string[]> {
  const warnings = await warningsOf(client, owner, options);
  const refused = warnings.find(({ reason }) => reason.startsWith("Failed"));
  return refused === undefined ? [] : [`its pods can't be made: ${refused.message}`];
}

/** A rollout is explained by the pods of its newest set: the old ones serve on. */
async function explainDeployment(client: ObjectClient, deployment: KubernetesObject, options: CallOptions) {
  const refusal = conditionOf(deployment, "ReplicaFailure");
  const refused = refusal?.status === "True" ? [`its pods can't be made: ${refusal.message}`] : [];
  const selector = selectorText(deployment);
  const sets = await owned(client, deployment, "ReplicaSet", selector, options);
  const newest = [...sets].sort((a, b) => revisionOf(b) - revisionOf(a))[0];
  if (newest === undefined) return refused;
  const pods = await owned(client, newest, "Pod", selectorText(newest), options);
  return [...refused, ...(await explainPods(client, pods, options))];
}

function revisionOf(set: KubernetesObject): number {
  return Number(set.metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
}

async function explainOwner(client: ObjectClient, owner: KubernetesObject, options: CallOptions) {
  const pods = await owned(client, owner, "Pod", selectorText(owner), options);
  return [...(await explainPods(client, pods, options)), ...(await creationTrouble(client, owner, options))];
}

export const deployment: Readiness = {
  look: (_client, live, _options, wait) => lookAtDeployment(live, wait),
  explain: explainDeployment,
};
export const statefulSet: Readiness = {
  look: (_client, live) => lookAtStatefulSet(live),
  explain: explainOwner,
};
export const daemonSet: Readiness = { look: (_client, live) => lookAtDaemonSet(live), explain: explainOwner };
export const replicas: Readiness = { look: (_client, live) => lookAtReplicas(live), explain: explainOwner };
export const job: Readiness = { look: (_client, live) => lookAtJob(live), explain: explainOwner };
export const pod: Readiness = {
  look: (_client, live) => lookAtPod(live),
  explain: (client, live, options) => explainPods(client, [live], options),
};
