import type { JsonObject } from "../../../src/base/json.ts";
import { valueAt } from "../client/object.ts";
import type { ObjectType } from "./type.ts";

/** Fields that a new object alone can change, by `Kind.group`. From the API's own validation. */
const fields: Readonly<Record<string, readonly string[]>> = {
  "ConfigMap.": ["immutable"],
  "PersistentVolume.": [
    ..."awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local nfs portworxVolume quobyte rbd scaleIO storageos vsphereVolume volumeMode nodeAffinity"
      .split(" ")
      .map((source) => `spec.${source}`),
  ],
  "PersistentVolumeClaim.": [
    "spec.accessModes",
    "spec.dataSource",
    "spec.dataSourceRef",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeMode",
    "spec.volumeName",
  ],
  "Pod.": ["spec"],
  "ResourceQuota.": ["spec.scopes", "spec.scopeSelector"],
  "Secret.": ["type", "immutable"],
  "Service.": ["spec.clusterIP"],
  "ControllerRevision.apps": ["data"],
  "DaemonSet.apps": ["spec.selector"],
  "Deployment.apps": ["spec.selector"],
  "ReplicaSet.apps": ["spec.selector"],
  "StatefulSet.apps": [
    "spec.podManagementPolicy",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "CustomResourceDefinition.apiextensions.k8s.io": ["spec.group", "spec.scope"],
  "Job.batch": ["spec.completions", "spec.completionMode", "spec.selector", "spec.template"],
  "IngressClass.networking.k8s.io": ["spec.controller"],
  "RuntimeClass.node.k8s.io": ["handler"],
  "ClusterRoleBinding.rbac.authorization.k8s.io": ["roleRef"],
  "RoleBinding.rbac.authorization.k8s.io": ["roleRef"],
  "PriorityClass.scheduling.k8s.io": ["value", "preemptionPolicy"],
  "CSIDriver.storage.k8s.io": ["spec"],
  "StorageClass.storage.k8s.io": [
    "parameters",
    "provisioner",
    "reclaimPolicy",
    "volumeBindingMode",
    "mountOptions",
    "allowedTopologies",
  ],
};

/** Of kinds whose content may be frozen. */
const content: Readonly<Record<string, readonly string[]>> = {
  "ConfigMap.": ["data", "binaryData"],
  "Secret.": ["data", "stringData"],
};

/** Every object is told apart by these. */
const identity = ["kind", "metadata.name", "metadata.namespace"];

/** Property paths whose change needs a new object, while its content may be changed. */
export function immutableFields({ kind, group }: ObjectType): readonly string[] {
  return [...identity, ...(fields[`${kind}.${group}`] ?? [])];
}

/** The further ones of an object whose content is frozen, by itself or since the provider says so. */
export function frozenFields(
  { kind, group }: ObjectType,
  object: JsonObject,
  isMutable: boolean,
): readonly string[] {
  const isFrozen = valueAt(object, "immutable") === true || !isMutable;
  return isFrozen ? (content[`${kind}.${group}`] ?? []) : [];
}
