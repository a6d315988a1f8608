import type { ApiObject } from "./api.ts";
import { ingressClass, paths, type World } from "./objects.ts";

/** Where requests for this controller come in. */
export interface Addresses {
  readonly ingress: string;
  /** First three numbers of the network from which load balancers get their addresses. */
  readonly loadBalancers: string;
}

/** As OpenShift's default router calls itself, towards DNS. */
const routerName = "router.understudy.test";

/** A status that an object should have and hasn't yet. */
export interface MissingStatus {
  /** Of the object. */
  readonly path: string;
  readonly status: object;
}

function pathOf(kind: string, { metadata }: ApiObject): string {
  const cut = kind.lastIndexOf("/");
  return `${kind.slice(0, cut)}/namespaces/${metadata.namespace}${kind.slice(cut)}/${metadata.name}`;
}

function ofIngresses(world: World, ip: string): readonly MissingStatus[] {
  const waiting = [...world.ingresses.values()].filter(
    ({ spec, status }) =>
      spec.ingressClassName === ingressClass && status?.loadBalancer?.ingress?.[0]?.ip !== ip,
  );
  return waiting.map((one) => ({
    path: pathOf(paths.ingresses, one),
    status: { loadBalancer: { ingress: [{ ip }] } },
  }));
}

function ofRoutes(world: World): readonly MissingStatus[] {
  const waiting = [...world.routes.values()].filter(
    ({ spec, status }) => spec.host !== undefined && status?.ingress?.[0]?.host !== spec.host,
  );
  return waiting.map((route) => {
    const admitted = {
      host: route.spec.host,
      routerName: "default",
      routerCanonicalHostname: routerName,
      wildcardPolicy: route.spec.wildcardPolicy ?? "None",
      conditions: [{ type: "Admitted", status: "True" }],
    };
    return { path: pathOf(paths.routes, route), status: { ingress: [admitted] } };
  });
}

/** kube-proxy itself serves an address once a Service's status names it. */
function ofBalancers(world: World, network: string): readonly MissingStatus[] {
  const asking = [...world.services.values()].filter(({ spec }) => spec.type === "LoadBalancer");
  const given = (service: (typeof asking)[number]) => service.status?.loadBalancer?.ingress?.[0]?.ip;
  const taken = new Set(asking.map(given));
  const free = Array.from({ length: 254 }, (_, index) => `${network}.${index + 1}`).filter(
    (ip) => !taken.has(ip),
  );
  const waiting = asking.filter((service) => given(service) === undefined);
  return waiting.slice(0, free.length).map((service, index) => ({
    path: pathOf(paths.services, service),
    status: { loadBalancer: { ingress: [{ ip: free[index] }] } },
  }));
}

/** What the controller still has to say about the objects that are its own. */
export function missingStatuses(world: World, addresses: Addresses): readonly MissingStatus[] {
  return [
    ...ofIngresses(world, addresses.ingress),
    ...ofRoutes(world),
    ...ofBalancers(world, addresses.loadBalancers),
  ];
}
