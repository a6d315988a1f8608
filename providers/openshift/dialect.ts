import type { App } from "../../src/app/schema.ts";
import type { InputValue } from "../../src/platform/contract.ts";
import { kubernetesDialect, namespacePeers } from "../kubernetes/dialect.ts";
import { exposeByGateway, exposeByLoadBalancer } from "../kubernetes/render/exposure.ts";
import type { Labels } from "../kubernetes/render/kube.ts";
import type { Dialect } from "../kubernetes/render/site.ts";
import { exposeByRoute } from "./route.ts";

/** Whatever runs the cluster's routers: in the namespace of theirs, or on the nodes' own network. */
const routers: readonly InputValue[] = ["ingress", "host-network"].map((group) => ({
  namespaceSelector: { matchLabels: { [`policy-group.network.openshift.io/${group}`]: "" } },
}));

/** What the console shows as an icon; languages go by the names of their buildpacks. */
function runtimeOf({ build }: App): Labels {
  const last = build.buildpacks?.at(-1) ?? "";
  const [, language] = /^[a-z0-9-]+\/([a-z0-9-]+)(?:@.*)?$/.exec(last) ?? [];
  return language === undefined ? {} : { "app.openshift.io/runtime": language };
}

/** OpenShift: what differs from Kubernetes. */
export const openshiftDialect: Dialect = {
  ...kubernetesDialect,
  name: "openshift",
  title: "OpenShift",
  exposures: {
    route: exposeByRoute,
    gateway: exposeByGateway,
    service: exposeByLoadBalancer,
  },
  // Its security context constraints give each namespace a range of ids, and admit no other.
  pinsIds: false,
  workloadLabels: runtimeOf,
  ingressPeers: ({ ingressNamespaces }) => [...routers, ...(namespacePeers(ingressNamespaces) ?? [])],
};
