import { randomBytes } from "node:crypto";
import { NotFoundError, UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../../src/base/json.ts";
import type { CallOptions, CommandResult } from "../../../src/platform/contract.ts";
import { type Deadline, deadline } from "../client/deadline.ts";
import { type KubernetesObject, refOf, valueAt } from "../client/object.ts";
import { baseName, recommendedLabels } from "../names.ts";
import { warningsOf } from "../objects/ready/events.ts";
import { troubleOf } from "../objects/ready/pod-trouble.ts";
import { imageKind, runLine } from "../render/command.ts";
import { frontProcess, type Place, processesOf } from "./place.ts";

/** Commands may take longer than other calls. */
const defaultTimeoutMs = 300_000;
/** A Job that nobody could delete goes by itself. */
const keptSeconds = 600;
/** Until then a pod that isn't there may just not be made yet. */
const noPodMs = 3_000;

/** The dot keeps it apart from every process and service. */
const component = "understudy.run";

/** What a one-off command has no use for: the probes, ports and hooks of a process that serves. */
const ofServers = ["lifecycle", "livenessProbe", "ports", "readinessProbe", "startupProbe"];
/** Belongs to a Deployment's pods alone. */
const ofDeployments = ["topologySpreadConstraints", "affinity"];

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** A Job that runs a shell line once, in a pod like those of a process: the same image, environment and limits. */
function jobFor(place: Place, model: KubernetesObject, line: string, seconds: number): KubernetesObject {
  const { app, settings } = place.site;
  const spec = valueAt(model, "spec.template.spec");
  const containers = isJsonObject(spec) ? spec.containers : undefined;
  const [first] = Array.isArray(containers) ? (containers as readonly JsonObject[]) : [];
  if (!isJsonObject(spec) || first === undefined) {
    throw new UnderstudyError(`Deployment ${model.metadata.name} has no container.`, {
      code: "bad-response",
    });
  }
  const { command: _, args: __, ...rest } = without(first, ofServers);
  const container = { ...rest, ...(runLine(imageKind(app, settings), line) as JsonObject) };
  const name = `${baseName(app, settings)}-run-${randomBytes(5).toString("hex")}`;
  // A part of the site, so that its databases let it in, but none that a Service or a Deployment would take for its own.
  const labels = recommendedLabels(app, settings, component);
  const { apiVersion, kind, metadata } = model;
  const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "" };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: place.namespace, labels, ownerReferences: [owner] },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: seconds,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        metadata: { labels },
        spec: {
          ...without(spec, ofDeployments),
          containers: [container],
          restartPolicy: "Never",
          // Nobody waits for the goodbye of a command that was given up.
          terminationGracePeriodSeconds: 2,
        },
      },
    },
  };
}

/** Runs a shell line in a Job of its own; it is gone when this settles. */
export async function runCommand(place: Place, line: string, options: CallOptions): Promise<CommandResult> {
  const until = deadline({ timeoutMs: defaultTimeoutMs, ...options });
  const processes = await processesOf(place, until.options());
  const model = processes.find(({ process }) => process === frontProcess(place)) ?? processes[0];
  if (model === undefined) {
    throw new NotFoundError(`'${place.site.app.name}' has no process whose image a command could run in.`, {
      code: "no-such-process",
      suggestion: "Give the app a process, or run the command elsewhere.",
    });
  }
  const job = jobFor(place, model.deployment, line, Math.ceil(until.remainingMs() / 1000));
  try {
    const made = await place.client.create(job, until.options());
    const pod = await finishedPod(place, made, until);
    const output = await place.client.logs(place.namespace, pod.metadata.name, {}, until.options());
    return { exitCode: exitCodeOf(pod), output };
  } catch (error) {
    throw until.signal.aborted ? until.reason("The command") : error;
  } finally {
    // The caller's time may be up; the command must not live on. Should this fail, the Job ends by itself.
    await place.client.delete(refOf(job), {}, { timeoutMs: 5_000 }).catch(() => {});
  }
}

/** A node may still come, and a registry may stumble once; a container that can't start won't. */
function isHopeless(pod: KubernetesObject): boolean {
  const reason = valueAt(pod, "status.containerStatuses.0.state.waiting.reason");
  return (
    typeof reason === "string" && !["ContainerCreating", "PodInitializing", "ErrImagePull"].includes(reason)
  );
}

async function finishedPod(place: Place, job: KubernetesObject, until: Deadline): Promise<KubernetesObject> {
  const { client, namespace } = place;
  const labelSelector = `job-name=${job.metadata.name}`;
  const began = until.clock.monotonic();
  for (let waitMs = 100; ; waitMs = Math.min(1_000, waitMs * 1.3)) {
    const [pod] = await client.list(
      { apiVersion: "v1", kind: "Pod", namespace, labelSelector },
      until.options(),
    );
    const phase = pod === undefined ? undefined : valueAt(pod, "status.phase");
    if (pod !== undefined && (phase === "Succeeded" || phase === "Failed")) return pod;
    const isLate = pod === undefined && until.clock.monotonic() - began > noPodMs;
    const [warning] = isLate ? await warningsOf(client, job, until.options()) : [];
    const why = pod === undefined ? warning?.message : troubleOf(pod)?.text;
    if (warning !== undefined || (pod !== undefined && isHopeless(pod))) {
      throw new UnderstudyError(`The command could not be started: ${why}`, {
        code: "run-failed",
        path: `${namespace}/${job.metadata.name}`,
      });
    }
    await until.pause(waitMs, why === undefined ? "the command" : `the command (${why})`);
  }
}

/** Of the container; one that was ended from outside has none of its own. */
function exitCodeOf(pod: KubernetesObject): number {
  const code = valueAt(pod, "status.containerStatuses.0.state.terminated.exitCode");
  if (typeof code === "number") return code;
  const why = valueAt(pod, "status.message") ?? valueAt(pod, "status.reason") ?? "no reason is given";
  throw new UnderstudyError(`The command was ended by the cluster: ${String(why)}`, { code: "run-failed" });
}
