import { isJsonObject, type Json, type JsonObject } from "../../../../src/base/json.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import { conditionOf } from "./conditions.ts";

/** Why one pod isn't ready. */
export interface PodTrouble {
  readonly pod: string;
  /** Without the pod's name, e.g. `the image 'app:2' can't be pulled (ErrImagePull): not found`. */
  readonly text: string;
  /** The container whose last words say more; `previous` when it was started again since. */
  readonly log?: { readonly container: string; readonly previous: boolean };
  /** Events say more: those of this reason, or any. */
  readonly events?: "Unhealthy" | "any";
}

const pullReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

/** What a pod's status says of its troubles: of its place, then of its containers in their order. */
export function troubleOf(pod: KubernetesObject): PodTrouble | undefined {
  const name = pod.metadata.name;
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") {
    return { pod: name, text: `no node has room for it: ${scheduled.message}` };
  }
  const { phase, reason, message } = objectAt(pod, "status");
  for (const status of [...statuses(pod, "initContainerStatuses"), ...statuses(pod, "containerStatuses")]) {
    const trouble = containerTrouble(status);
    if (trouble !== undefined) return { pod: name, ...trouble };
  }
  if (phase === "Failed")
    return { pod: name, text: `it failed: ${message ?? reason ?? "no reason is given"}` };
  const isReady = conditionOf(pod, "Ready")?.status === "True";
  if (phase === "Running" && !isReady)
    return { pod: name, text: "it runs, and isn't ready", events: "Unhealthy" };
  if (phase === "Pending") return { pod: name, text: "it is being started", events: "any" };
  return undefined;
}

function objectAt(object: KubernetesObject, path: string): JsonObject {
  const value = valueAt(object, path);
  return isJsonObject(value) ? value : {};
}

function statuses(pod: KubernetesObject, key: string): readonly JsonObject[] {
  const list = valueAt(pod, `status.${key}`);
  return Array.isArray(list) ? list.filter((item: Json) => isJsonObject(item)) : [];
}

function containerTrouble(status: JsonObject): Omit<PodTrouble, "pod"> | undefined {
  const container = String(status.name ?? "");
  const state = isJsonObject(status.state) ? status.state : {};
  const last = isJsonObject(status.lastState) ? status.lastState.terminated : undefined;
  const { waiting, terminated } = state;
  if (isJsonObject(waiting)) {
    const reason = String(waiting.reason ?? "");
    const message = String(waiting.message ?? reason);
    if (pullReasons.has(reason)) {
      return { text: `the image '${status.image}' can't be pulled (${reason}): ${message}` };
    }
    if (reason === "CrashLoopBackOff" && isJsonObject(last)) {
      const times = `started ${Number(status.restartCount ?? 0) + 1} times`;
      return {
        text: `${exitText(container, last)} (${reason}, ${times})`,
        log: { container, previous: true },
      };
    }
    if (reason !== "ContainerCreating" && reason !== "PodInitializing" && reason !== "") {
      return { text: `container '${container}' can't start (${reason}): ${message}` };
    }
  }
  if (isJsonObject(terminated) && terminated.exitCode !== 0) {
    return { text: exitText(container, terminated), log: { container, previous: false } };
  }
  const isRestarted = isJsonObject(last) && last.exitCode !== 0 && status.ready !== true;
  if (isRestarted) return { text: exitText(container, last), log: { container, previous: true } };
  return undefined;
}

function exitText(container: string, { exitCode, signal, reason }: JsonObject): string {
  if (reason === "OOMKilled")
    return `container '${container}' used more than its memory limit and was killed`;
  // A command that can't even be started gets a code and a reason, and no log.
  const why = reason === undefined || reason === "Error" ? "" : ` (${reason})`;
  return typeof signal === "number" && signal > 0
    ? `container '${container}' was ended by signal ${signal}${why}`
    : `container '${container}' exited with ${exitCode}${why}`;
}
