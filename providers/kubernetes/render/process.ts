import { countFor, isPublic, rolesOf } from "../../../src/app/roles.ts";
import type { Process } from "../../../src/app/schema.ts";
import type { InputValue, RenderedResource } from "../../../src/platform/contract.ts";
import {
  httpPort,
  labelValue,
  processLabel,
  processObject,
  processSelector,
  publicLabel,
  recommendedLabels,
} from "../names.ts";
import { imageKind, runProcess } from "./command.ts";
import { environmentVersion } from "./config.ts";
import { sourceOfImage } from "./image.ts";
import type { KubeResource } from "./kube.ts";
import { defined, kubeResource, sharedWithFailover, unawaited } from "./object.ts";
import { podSpec } from "./pod.ts";
import { graceOf, probesOf } from "./probes.ts";
import { wholeSeconds } from "./quantity.ts";
import { frontProcess, isAutoscaled, mostInstances, processesOf, type Site, servesHttp } from "./site.ts";
import { sizeOf } from "./size.ts";

/** Where a process listens when it doesn't say; told by $PORT. */
const defaultPort = 8080;
/** Ports below are open to root alone. */
const firstFreePort = 1024;
/** Seconds for a node to fetch the image and start the container. */
const pullSeconds = 300;
/** Seconds for a user of the rollout to see its end. */
const marginSeconds = 120;
/** Old versions to go back to with `kubectl rollout undo`. */
const revisions = 5;

function labelsOf({ app, settings }: Site, name: string) {
  return { ...recommendedLabels(app, settings, name), [processLabel]: labelValue(name) };
}

/** Spread over zones and nodes as well as it goes; the pods of each version for themselves. */
function spread(site: Site, name: string): readonly InputValue[] {
  const { app, settings } = site;
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: processSelector(app, settings, name) },
    matchLabelKeys: ["pod-template-hash"],
  }));
}

function podTemplate(site: Site, name: string, process: Process): InputValue {
  const { app, settings } = site;
  const listens = servesHttp(name, process);
  const port = process.http?.port ?? defaultPort;
  const drain = listens ? settings.drainSeconds : 0;
  const isMany = mostInstances(process) > 1;
  const spec = podSpec(site, {
    name: "app",
    command: runProcess(imageKind(app, settings), name, process.command),
    size: sizeOf(process, site),
    variables: listens ? [{ name: "PORT", value: `${port}` }] : [],
    ...(listens && port < firstFreePort ? { lowPort: port } : {}),
    container: listens
      ? {
          ports: [{ name: httpPort, containerPort: port, protocol: "TCP" }],
          ...probesOf(site, name, process),
          // Routers learn that an instance goes while it goes: it serves on until they know.
          lifecycle: drain === 0 ? undefined : { preStop: { sleep: { seconds: drain } } },
        }
      : {},
    pod: {
      terminationGracePeriodSeconds: wholeSeconds(drain + process.stopGraceSeconds, 0),
      topologySpreadConstraints: settings.topologySpread && isMany ? spread(site, name) : undefined,
    },
  });
  return {
    metadata: {
      labels: { ...labelsOf(site, name), ...(isPublic(name, process) ? { [publicLabel]: "true" } : {}) },
      annotations: environmentVersion(site),
    },
    spec,
  };
}

function deployment(
  site: Site,
  name: string,
  process: Process,
  dependsOn: readonly string[],
): RenderedResource {
  const { app, settings, role } = site;
  const count = countFor(name, process, role);
  const progress = wholeSeconds(graceOf(process) + pullSeconds);
  return kubeResource(site, `deployment-${name}`, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    name: processObject(app, settings, name),
    labels: { ...labelsOf(site, name), ...site.dialect.workloadLabels(app) },
    annotations: { ...sharedWithFailover, ...sourceOfImage(site) },
    fields: {
      spec: defined({
        // The autoscaler's business while it runs at all; with 0 it rests.
        replicas: isAutoscaled(process) && count > 0 ? undefined : count,
        revisionHistoryLimit: revisions,
        progressDeadlineSeconds: progress,
        strategy: process.singleton
          ? { type: "Recreate" }
          : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        selector: { matchLabels: processSelector(app, settings, name) },
        template: podTemplate(site, name, process),
      }),
    },
    dependsOn,
    options: {
      ...(rolesOf(name, process).length === 1 ? { roleInputs: ["spec.replicas"] } : {}),
      timeoutSeconds: progress + marginSeconds,
    },
  });
}

function service(site: Site, name: string, process: Process): KubeResource {
  const { app, settings } = site;
  // One without instances never has endpoints.
  const runsAlways = rolesOf(name, process).length === 2 && process.scale.count > 0;
  const { exposure } = settings;
  const isEntrance = exposure.kind === "service" && frontProcess(site) === name;
  return kubeResource(site, `service-of-${name}`, {
    apiVersion: "v1",
    kind: "Service",
    name: processObject(app, settings, name),
    labels: labelsOf(site, name),
    annotations: {
      ...(isEntrance ? exposure.annotations : {}),
      ...sharedWithFailover,
      ...(runsAlways ? {} : unawaited),
    },
    fields: {
      spec: {
        type: isEntrance ? "LoadBalancer" : "ClusterIP",
        selector: processSelector(app, settings, name),
        ports: [{ name: httpPort, port: 80, targetPort: httpPort, protocol: "TCP" }],
      },
    },
    // It is ready when its pods are.
    dependsOn: [`deployment-${name}`],
  });
}

function autoscaler(site: Site, name: string, { scale }: Process): KubeResource {
  const { app, settings } = site;
  const { count, max = count } = scale;
  const object = processObject(app, settings, name);
  return kubeResource(site, `autoscaler-${name}`, {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    name: object,
    labels: labelsOf(site, name),
    fields: {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: object },
        // To none it doesn't scale.
        minReplicas: Math.max(1, scale.min ?? count),
        maxReplicas: max,
        metrics: [
          {
            type: "Resource",
            resource: {
              name: "cpu",
              target: { type: "Utilization", averageUtilization: scale.cpuPercent ?? 80 },
            },
          },
        ],
      },
    },
    dependsOn: [`deployment-${name}`],
  });
}

function disruptionBudget(site: Site, name: string): KubeResource {
  const { app, settings } = site;
  return kubeResource(site, `disruption-budget-${name}`, {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    name: processObject(app, settings, name),
    labels: labelsOf(site, name),
    fields: {
      spec: {
        maxUnavailable: 1,
        // Instances that are sick anyway don't keep a node from being emptied.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: processSelector(app, settings, name) },
      },
    },
  });
}

/** Everything that runs, reaches, scales and guards the app's processes; `before` must be there before they run. */
export function renderProcesses(site: Site, before: readonly string[]): readonly RenderedResource[] {
  return processesOf(site).flatMap(([name, process]) => [
    deployment(site, name, process, before),
    ...(servesHttp(name, process) ? [service(site, name, process)] : []),
    ...(isAutoscaled(process) ? [autoscaler(site, name, process)] : []),
    ...(mostInstances(process) > 1 ? [disruptionBudget(site, name)] : []),
  ]);
}
