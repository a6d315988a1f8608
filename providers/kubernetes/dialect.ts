import type { InputValue } from "../../src/platform/contract.ts";
import { exposeByGateway, exposeByIngress, exposeByLoadBalancer } from "./render/exposure.ts";
import type { Dialect } from "./render/site.ts";

/** Namespaces by name, as peers of a NetworkPolicy; undefined when none is named. */
export function namespacePeers(names: readonly string[]): readonly InputValue[] | undefined {
  if (names.length === 0) return undefined;
  return names
    .toSorted()
    .map((name) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }));
}

/** Kubernetes as its own project releases it, and what conforms to it. */
export const kubernetesDialect: Dialect = {
  name: "kubernetes",
  title: "Kubernetes",
  exposures: { ingress: exposeByIngress, gateway: exposeByGateway, service: exposeByLoadBalancer },
  pinsIds: true,
  namespaceLabels: {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
  },
  workloadLabels: () => ({}),
  ingressPeers: ({ ingressNamespaces }) => namespacePeers(ingressNamespaces),
};
