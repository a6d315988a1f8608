import { run } from "../../../src/base/run.ts";
import { ingressClass, storageClass, storageProvisioner } from "../controllers/objects.ts";
import type { Block } from "./block.ts";

/** Objects that every cluster of some use has, and that are nobody's in particular. */
function basics(block: Block): readonly object[] {
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
      spec: {
        clusterIP: block.dns,
        ports: [
          { name: "dns", protocol: "UDP", port: 53 },
          { name: "dns-tcp", protocol: "TCP", port: 53 },
        ],
      },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: "kube-dns",
        namespace: "kube-system",
        labels: { "kubernetes.io/service-name": "kube-dns" },
      },
      addressType: "IPv4",
      endpoints: [{ addresses: [block.node] }],
      ports: [
        { name: "dns", protocol: "UDP", port: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53 },
      ],
    },
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: {
        name: storageClass,
        annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
      },
      provisioner: storageProvisioner,
      reclaimPolicy: "Delete",
    },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: {
        name: ingressClass,
        annotations: { "ingressclass.kubernetes.io/is-default-class": "true" },
      },
      spec: { controller: "understudy.dev/test-ingress" },
    },
  ];
}

/** Applies them; safe to repeat. */
export async function applyBasics(kubectl: string, kubeconfig: string, block: Block): Promise<void> {
  const list = { apiVersion: "v1", kind: "List", items: basics(block) };
  await run(kubectl, ["--kubeconfig", kubeconfig, "apply", "--server-side", "-f", "-"], {
    input: JSON.stringify(list),
    timeoutMs: 60_000,
  });
}
