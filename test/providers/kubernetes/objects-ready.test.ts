import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { KubernetesObject } from "../../../providers/kubernetes/client/object.ts";
import type { ListQuery } from "../../../providers/kubernetes/client/query.ts";
import { explainPods } from "../../../providers/kubernetes/objects/ready/explain-pods.ts";
import { readinessOf } from "../../../providers/kubernetes/objects/ready/kinds.ts";
import { NotReadyError, untilReady } from "../../../providers/kubernetes/objects/ready/until-ready.ts";
import { RetryableError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import { silentLog } from "../../../src/base/log.ts";
import { operationLimit } from "../../../src/platform/operation-limit.ts";

function object(apiVersion: string, kind: string, content: JsonObject = {}): KubernetesObject {
  const { metadata = {}, ...rest } = content;
  return {
    apiVersion,
    kind,
    ...rest,
    metadata: { name: "web", namespace: "shop", uid: "u", ...(metadata as JsonObject) },
  };
}

/** A cluster that has these objects, by kind, and logs. */
function cluster(objects: Readonly<Record<string, readonly KubernetesObject[]>> = {}, logs = "") {
  const refuse = async () => {
    throw new Error("not asked for");
  };
  return {
    apply: refuse,
    delete: refuse,
    async get({ kind }: { readonly kind: string }) {
      return objects[kind]?.[0];
    },
    async list({ kind }: ListQuery) {
      return objects[kind] ?? [];
    },
    async logs(_namespace: string, pod: string, log: object) {
      return `${logs} ${pod} ${JSON.stringify(log)}\n`;
    },
  };
}

async function look(
  live: KubernetesObject,
  client = cluster(),
  wait = { first: object("v1", "Other"), waitedMs: 0 },
): Promise<string> {
  const readiness = readinessOf(live);
  if (readiness === undefined) return "nothing to wait for";
  const found = await readiness.look(client, live, {}, wait);
  return found.state === "ready" ? "ready" : `${found.state}: ${found.why}`;
}

const condition = (type: string, status: string, reason = "", message = "") => ({
  type,
  status,
  reason,
  message,
});

describe("a Deployment", () => {
  const rollout = (status: JsonObject, spec: JsonObject = {}) =>
    object("apps/v1", "Deployment", {
      metadata: { generation: 2 },
      spec: { replicas: 2, progressDeadlineSeconds: 30, ...spec },
      status: { observedGeneration: 2, ...status },
    });

  it.each([
    [
      { observedGeneration: 1, updatedReplicas: 2, replicas: 2, availableReplicas: 2 },
      "waiting: its controller hasn't seen the change yet",
    ],
    [{ updatedReplicas: 1, replicas: 3 }, "waiting: 1 of 2 pods are new"],
    [{ updatedReplicas: 2, replicas: 3, availableReplicas: 2 }, "waiting: 1 old pods have to end"],
    [{ updatedReplicas: 2, replicas: 2, availableReplicas: 1 }, "waiting: 1 of 2 pods are available"],
    [{ updatedReplicas: 2, replicas: 2, availableReplicas: 2 }, "ready"],
    [
      { updatedReplicas: 1, conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")] },
      "failed: it made no progress within 30 s (progressDeadlineSeconds)",
    ],
  ])("with %j is %s", async (status, expected) => {
    expect(await look(rollout(status))).toBe(expected);
  });

  it("that an earlier rollout has stalled gets the same time for its own", async () => {
    const stalled = (updated: string) => ({
      updatedReplicas: 1,
      replicas: 2,
      conditions: [
        { ...condition("Progressing", "False", "ProgressDeadlineExceeded"), lastUpdateTime: updated },
      ],
    });
    const first = rollout(stalled("2026-01-01T00:00:00Z"));
    const since = (waitedMs: number) => ({ first, waitedMs });
    expect(await look(first, cluster(), since(29_000))).toBe("waiting: 1 of 2 pods are new");
    expect(await look(first, cluster(), since(30_000))).toMatch(/^failed/);
    expect(await look(rollout(stalled("2026-01-01T00:00:09Z")), cluster(), since(9_000))).toMatch(/^failed/);
  });

  it("without replicas, or held up on purpose, keeps nobody waiting", async () => {
    expect(await look(rollout({}, { replicas: 0 }))).toBe("ready");
    expect(await look(rollout({}, { paused: true }))).toBe("ready");
    const skipped = { metadata: { annotations: { "pulumi.com/skipAwait": "true" } } };
    expect(await look(object("apps/v1", "Deployment", skipped))).toBe("nothing to wait for");
  });

  it("is explained by its newest pods and by what refuses them", async () => {
    const owned = (uid: string) => ({ ownerReferences: [{ uid }] });
    const set = (name: string, revision: string) =>
      object("apps/v1", "ReplicaSet", {
        metadata: {
          name,
          uid: name,
          ...owned("u"),
          annotations: { "deployment.kubernetes.io/revision": revision },
        },
        spec: { selector: { matchLabels: { app: "web", hash: name } } },
      });
    const crashing = (name: string, owner: string, exitCode: number) =>
      object("v1", "Pod", {
        metadata: { name, ...owned(owner) },
        status: {
          containerStatuses: [
            {
              name: "web",
              restartCount: 3,
              state: { waiting: { reason: "CrashLoopBackOff" } },
              lastState: { terminated: { exitCode, reason: "Error" } },
            },
          ],
        },
      });
    const live = object("apps/v1", "Deployment", {
      spec: { selector: { matchLabels: { app: "web" } } },
      status: { conditions: [condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota: small")] },
    });
    const client = cluster(
      {
        ReplicaSet: [set("old", "9"), set("new", "10")],
        Pod: [crashing("web-old", "old", 1), crashing("web-new", "new", 3), crashing("web-new2", "new", 3)],
      },
      "Error: no database",
    );
    const reasons = await readinessOf(live)?.explain?.(client, live, {});
    expect(reasons).toEqual([
      "its pods can't be made: exceeded quota: small",
      `pod web-new: container 'web' exited with 3 (CrashLoopBackOff, started 4 times). Its last lines:\n  Error: no database web-new {"container":"web","previous":true,"tailLines":10}`,
    ]);
  });
});

describe("other workloads", () => {
  it.each([
    ["StatefulSet", { replicas: 2 }, { readyReplicas: 1 }, "waiting: 1 of 2 pods are ready"],
    [
      "StatefulSet",
      { replicas: 2 },
      { readyReplicas: 2, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
      "waiting: 1 of 2 pods are new",
    ],
    [
      "StatefulSet",
      { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } },
      { readyReplicas: 2, updatedReplicas: 1, currentRevision: "a", updateRevision: "b" },
      "ready",
    ],
    [
      "StatefulSet",
      { replicas: 2, updateStrategy: { type: "OnDelete" } },
      { readyReplicas: 2, currentRevision: "a", updateRevision: "b" },
      "ready",
    ],
    [
      "DaemonSet",
      {},
      { desiredNumberScheduled: 2, updatedNumberScheduled: 1 },
      "waiting: 1 of 2 pods are new",
    ],
    ["DaemonSet", {}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 }, "ready"],
  ])("a %s with %j and %j", async (kind, spec, status, expected) => {
    expect(await look(object("apps/v1", kind, { spec, status }))).toBe(expected);
  });

  it.each([
    [{ suspend: true }, {}, "ready"],
    [{}, { active: 1 }, "waiting: it runs: 1 pods"],
    [{}, { conditions: [condition("Complete", "True")] }, "ready"],
    [
      { activeDeadlineSeconds: 60 },
      { conditions: [condition("Failed", "True", "DeadlineExceeded")] },
      "failed: it took longer than 60 s (activeDeadlineSeconds)",
    ],
    [
      {},
      {
        conditions: [
          condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"),
        ],
      },
      "failed: it failed: Job has reached the specified backoff limit",
    ],
  ])("a Job with %j and %j", async (spec, status, expected) => {
    expect(await look(object("batch/v1", "Job", { spec, status }))).toBe(expected);
  });
});

describe("a Service", () => {
  const selector = { app: "web" };
  const service = (spec: JsonObject, status: JsonObject = {}, created = "2020-01-01T00:00:00Z") =>
    object("v1", "Service", {
      metadata: { creationTimestamp: created },
      spec: { type: "ClusterIP", ...spec },
      status,
    });
  const workload = (replicas: number) =>
    object("apps/v1", "Deployment", {
      spec: { replicas, template: { metadata: { labels: { app: "web", more: "x" } } } },
    });
  const slice = (ready: boolean) =>
    object("discovery.k8s.io/v1", "EndpointSlice", { endpoints: [{ conditions: { ready } }] });

  it("has to lead to a pod where some are meant to run", async () => {
    const none = "waiting: none of the pods that its selector means is ready";
    expect(await look(service({ selector }), cluster({ Deployment: [workload(1)] }))).toBe(none);
    expect(
      await look(
        service({ selector }),
        cluster({ Deployment: [workload(1)], EndpointSlice: [slice(false)] }),
      ),
    ).toBe(none);
    expect(
      await look(service({ selector }), cluster({ Deployment: [workload(1)], EndpointSlice: [slice(true)] })),
    ).toBe("ready");
    expect(await look(service({ selector }), cluster({ Deployment: [workload(0)] }))).toBe("ready");
    expect(await look(service({ selector }))).toBe("ready");
  });

  it("waits a little for what may be on its way", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-01-01T00:00:01Z") });
    onTestFinished(() => void vi.useRealTimers());
    expect(await look(service({ selector }, {}, "2026-01-01T00:00:00Z"))).toBe(
      "waiting: it leads to no pods",
    );
    expect(await look(service({ selector }, {}, "2025-12-31T23:59:59Z"))).toBe("ready");
  });

  it("without pods of its own, or inside of the cluster's DNS alone, is there at once", async () => {
    expect(await look(service({}))).toBe("ready");
    expect(await look(service({ type: "ExternalName", selector }))).toBe("ready");
    expect(await look(service({ clusterIP: "None", selector }), cluster({ Deployment: [workload(1)] }))).toBe(
      "ready",
    );
  });

  it("of a load balancer has to get its address", async () => {
    expect(await look(service({ type: "LoadBalancer" }))).toMatch(/^waiting: the cluster gave it no address/);
    expect(
      await look(service({ type: "LoadBalancer" }, { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } })),
    ).toBe("ready");
  });
});

describe("other kinds", () => {
  it("a claim waits for its volume only where its class gives one at once", async () => {
    const claim = object("v1", "PersistentVolumeClaim", {
      spec: { storageClassName: "fast" },
      status: { phase: "Pending" },
    });
    const storage = (volumeBindingMode: string) => ({
      StorageClass: [
        object("storage.k8s.io/v1", "StorageClass", { metadata: { name: "fast" }, volumeBindingMode }),
      ],
    });
    expect(await look(claim, cluster(storage("Immediate")))).toBe("waiting: no volume is bound to it yet");
    expect(await look(claim, cluster(storage("WaitForFirstConsumer")))).toBe("ready");
  });

  it("an Ingress, and whatever else there is, is ready when it is there", async () => {
    for (const kind of ["Ingress", "Widget"]) {
      expect(await look(object("example.com/v1", kind))).toBe("nothing to wait for");
    }
  });

  it("a definition is ready when the server serves it", async () => {
    const definition = (...conditions: JsonObject[]) =>
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: { conditions } });
    expect(await look(definition())).toMatch(/^waiting/);
    expect(await look(definition(condition("NamesAccepted", "False", "", "plural is taken")))).toBe(
      "failed: its names are taken: plural is taken",
    );
    expect(await look(definition(condition("Established", "True")))).toBe("ready");
  });

  it.each([
    ["condition=Ready", "waiting: its condition Ready is False: still joining"],
    ["condition=Ready=False", "ready"],
    ["condition=Healthy", "waiting: its condition Healthy isn't there yet"],
    ["jsonpath={.status.phase}", "ready"],
    ["jsonpath={.status.phase}=Running", "waiting: its status.phase is 'Starting'"],
    ["jsonpath={.status.conditions[0].type}=Ready", "ready"],
    ['["condition=Ready=False","jsonpath={.status.none}"]', "waiting: its status.none is not there yet"],
  ])("with the annotation %s", async (waitFor, expected) => {
    const live = object("example.com/v1", "Widget", {
      metadata: { annotations: { "pulumi.com/waitFor": waitFor } },
      status: { phase: "Starting", conditions: [condition("Ready", "False", "", "still joining")] },
    });
    expect(await look(live)).toBe(expected);
  });

  it("with an annotation that nobody can read is refused", async () => {
    const live = object("example.com/v1", "Widget", {
      metadata: { annotations: { "pulumi.com/waitFor": "ready" } },
    });
    await expect(look(live)).rejects.toThrow("'ready' is nothing to wait for");
  });
});

describe("pods in trouble", () => {
  const pod = (status: JsonObject, name = "web-1") => object("v1", "Pod", { metadata: { name }, status });
  const container = (state: JsonObject, more: JsonObject = {}) => ({
    containerStatuses: [{ name: "web", image: "app:2", state, ...more }],
  });

  it.each([
    [
      container({ waiting: { reason: "ImagePullBackOff", message: "not found" } }),
      "the image 'app:2' can't be pulled (ImagePullBackOff): not found",
    ],
    [
      container({ waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } }),
      `container 'web' can't start (CreateContainerConfigError): secret "x" not found`,
    ],
    [
      { conditions: [condition("PodScheduled", "False", "Unschedulable", "0/1 nodes: Insufficient memory")] },
      "no node has room for it: 0/1 nodes: Insufficient memory",
    ],
    [
      container(
        { waiting: { reason: "CrashLoopBackOff" } },
        { lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
      ),
      "container 'web' used more than its memory limit and was killed (CrashLoopBackOff, started 1 times). Its last lines:",
    ],
    [
      container({ terminated: { exitCode: 128, reason: "StartError" } }),
      "container 'web' exited with 128 (StartError). Its last lines:",
    ],
    [
      { phase: "Failed", reason: "Evicted", message: "The node was low on memory" },
      "it failed: The node was low on memory",
    ],
  ])("%j", async (status, expected) => {
    const [text = ""] = await explainPods(cluster(), [pod(status)], {});
    expect(text.startsWith(`pod web-1: ${expected}`), text).toBe(true);
  });

  it("in the same trouble are told of once, and those that only start come last", async () => {
    const starting = pod(
      { phase: "Pending", ...container({ waiting: { reason: "ContainerCreating" } }) },
      "z",
    );
    const bad = container({ waiting: { reason: "ErrImagePull", message: "x" } });
    const told = await explainPods(cluster(), [starting, pod(bad, "a"), pod(bad, "b")], {});
    expect(told).toEqual([
      "pod a: the image 'app:2' can't be pulled (ErrImagePull): x",
      "pod z: it is being started",
    ]);
  });

  it("before they start are explained by what is warned of", async () => {
    const mount = object("v1", "Event", { reason: "FailedMount", message: 'configmap "x" not found' });
    const brief = object("v1", "Event", { message: "Error: x", lastTimestamp: "2026-01-01T00:00:00Z" });
    const told = await explainPods(cluster({ Event: [brief, mount] }), [pod({ phase: "Pending" })], {});
    expect(told).toEqual(['pod web-1: it is being started: configmap "x" not found']);
  });

  it("that run and don't answer are explained by the probe's own words", async () => {
    const event = (reason: string, message: string, lastTimestamp: string) =>
      object("v1", "Event", { reason, message, lastTimestamp });
    const client = cluster({
      Event: [
        event("Unhealthy", "an older one", "2026-01-01T00:00:00Z"),
        event(
          "Unhealthy",
          "Readiness probe failed: HTTP probe failed with statuscode: 500",
          "2026-01-01T00:01:00Z",
        ),
        event("Other", "x", "2026-01-01T00:02:00Z"),
      ],
    });
    const unready = pod({
      phase: "Running",
      conditions: [condition("Ready", "False")],
      ...container({ running: {} }),
    });
    expect(await explainPods(client, [unready], {})).toEqual([
      "pod web-1: it runs, and isn't ready: Readiness probe failed: HTTP probe failed with statuscode: 500",
    ]);
  });
});

describe("waiting", () => {
  const pending = object("v1", "Pod", { status: { phase: "Pending" } });
  const running = object("v1", "Pod", { status: { conditions: [condition("Ready", "True")] } });

  it("gives the object as it is when it is ready, past moments without an API server", async () => {
    const answers = [new RetryableError("away", { code: "platform-error" }), pending, running];
    const client = {
      ...cluster(),
      async get() {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
    const signal = new AbortController().signal;
    expect(await untilReady(client, pending, { log: silentLog, signal })).toBe(running);
    expect(answers).toEqual([]);
  });

  it("ends with its time, and says what was seen last", async () => {
    const client = cluster({ Pod: [pending] });
    const waiting = untilReady(client, pending, { log: silentLog, signal: operationLimit(0.5) });
    const error = await waiting.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(NotReadyError);
    expect((error as NotReadyError).message).toMatch(
      /^Pod shop\/web: not ready within 0\.5 s: it is Pending\.\npod web: it is being started$/,
    );
    expect((error as NotReadyError).live).toBe(pending);
  });

  it("ends when the object is deleted meanwhile", async () => {
    const signal = new AbortController().signal;
    await expect(untilReady(cluster(), pending, { log: silentLog, signal })).rejects.toThrow(
      "was deleted while it came up",
    );
  });
});
