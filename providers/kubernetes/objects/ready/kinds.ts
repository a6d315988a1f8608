import { groupOf } from "../../client/discovery.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import { annotationOf, annotations, isSet } from "../annotations.ts";
import { conditionOf, isTrue } from "./conditions.ts";
import { failed, type Readiness, ready, waiting } from "./look.ts";
import { service } from "./service.ts";
import { claim, volume } from "./storage.ts";
import { lookForAnnotation } from "./wait-for.ts";
import { daemonSet, deployment, job, pod, replicas, statefulSet } from "./workload.ts";

const namespace: Readiness = {
  look: (_client, live) =>
    valueAt(live, "status.phase") === "Terminating" ? failed("it is being deleted") : ready,
};

const definition: Readiness = {
  look(_client, live) {
    const accepted = conditionOf(live, "NamesAccepted");
    if (accepted?.status === "False") return failed(`its names are taken: ${accepted.message}`);
    return isTrue(live, "Established") ? ready : waiting("the API server doesn't serve it yet");
  },
};

/** Kinds that are not ready as soon as they are there, by `Kind.group`. */
const kinds: Readonly<Record<string, Readiness>> = {
  "Namespace.": namespace,
  "PersistentVolume.": volume,
  "PersistentVolumeClaim.": claim,
  "Pod.": pod,
  "ReplicationController.": replicas,
  "Service.": service,
  "DaemonSet.apps": daemonSet,
  "Deployment.apps": deployment,
  "ReplicaSet.apps": replicas,
  "StatefulSet.apps": statefulSet,
  "Job.batch": job,
  "CustomResourceDefinition.apiextensions.k8s.io": definition,
};

/** How an object comes up; undefined when there is nothing to wait for. */
export function readinessOf(object: KubernetesObject): Readiness | undefined {
  if (isSet(object, annotations.skipAwait)) return undefined;
  const known = kinds[`${object.kind}.${groupOf(object.apiVersion)}`];
  const waitFor = annotationOf(object, annotations.waitFor);
  if (waitFor === undefined || waitFor === "") return known;
  return { ...known, look: (_client, live) => lookForAnnotation(live, waitFor) };
}
