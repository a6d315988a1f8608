import { type Ingress, ingressClass, type Service, type World } from "./objects.ts";

/** Where a pod listens. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A Service's port, as an Ingress or a Route names it. */
interface Backend {
  readonly namespace: string;
  readonly service: string;
  readonly port: string | number | undefined;
}

interface Rule {
  readonly host: string;
  readonly path: string;
  readonly exact: boolean;
  readonly backend: Backend;
}

/** `undefined` = nobody asked for this host; an empty list = no pod of it is ready. */
export type Lookup = readonly Endpoint[] | undefined;

function rulesOfIngress(ingress: Ingress): readonly Rule[] {
  if (ingress.spec.ingressClassName !== ingressClass) return [];
  const namespace = ingress.metadata.namespace ?? "";
  return (ingress.spec.rules ?? []).flatMap(({ host = "", http }) =>
    (http?.paths ?? []).flatMap(({ path = "/", pathType, backend: { service } }) => {
      if (service === undefined) return [];
      const port = service.port?.name ?? service.port?.number;
      return [
        { host, path, exact: pathType === "Exact", backend: { namespace, service: service.name, port } },
      ];
    }),
  );
}

function rulesOf(world: World): readonly Rule[] {
  const ofRoutes = [...world.routes.values()].map(({ metadata, spec }) => ({
    host: spec.host ?? "",
    path: spec.path ?? "/",
    exact: false,
    backend: { namespace: metadata.namespace ?? "", service: spec.to.name, port: spec.port?.targetPort },
  }));
  return [...[...world.ingresses.values()].flatMap(rulesOfIngress), ...ofRoutes];
}

/** Exact hosts before `*.` ones, exact paths before prefixes, long ones before short ones. */
function rank(rule: Rule, host: string): number {
  return (rule.host === host ? 1e6 : 0) + (rule.exact ? 1e5 : 0) + rule.path.length;
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === "" || pattern === host) return true;
  return pattern.startsWith("*.") && host.slice(host.indexOf(".")) === pattern.slice(1);
}

function matchesPath({ path, exact }: Rule, asked: string): boolean {
  if (exact) return asked === path;
  const prefix = path.replace(/\/$/, "");
  return asked === prefix || asked.startsWith(`${prefix}/`);
}

/** The name under which slices list the port: a Service names its ports; an only one may have none. */
function portName(service: Service | undefined, wanted: string | number | undefined): string | undefined {
  const ports = service?.spec.ports ?? [];
  const port = ports.find(
    ({ name, port: number, targetPort }) =>
      wanted === undefined || [name, number, targetPort].includes(wanted),
  );
  return port === undefined ? undefined : (port.name ?? "");
}

function endpointsOf(world: World, { namespace, service, port }: Backend): readonly Endpoint[] {
  const there = [...world.services.values()].find(
    ({ metadata }) => metadata.namespace === namespace && metadata.name === service,
  );
  const name = portName(there, port);
  const slices = [...world.slices.values()].filter(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.["kubernetes.io/service-name"] === service,
  );
  return slices.flatMap(({ endpoints = [], ports = [] }) => {
    const number = ports.find((one) => (one.name ?? "") === name)?.port;
    if (number === undefined) return [];
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
    return ready.flatMap(({ addresses }) => addresses.map((address) => ({ address, port: number })));
  });
}

/** Where a request for a host and a path may go. */
export function lookUp(world: World, host: string, path: string): Lookup {
  const [best] = rulesOf(world)
    .filter((rule) => matchesHost(rule.host, host) && matchesPath(rule, path))
    .toSorted((one, other) => rank(other, host) - rank(one, host));
  return best === undefined ? undefined : endpointsOf(world, best.backend);
}
