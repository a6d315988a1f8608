import type { InputValue } from "../../../src/platform/contract.ts";
import { baseName, httpPort, recommendedLabels, tlsObject } from "../names.ts";
import type { Exposure } from "../settings.ts";
import type { KubeResource, Labels } from "./kube.ts";
import { defined, kubeResource } from "./object.ts";
import { wholeSeconds } from "./quantity.ts";
import { type Exposed, frontProcess, type Site } from "./site.ts";

/** Seconds of a request, where the app says. */
export function requestTimeout(site: Site): number | undefined {
  const stated = site.app.processes[frontProcess(site) ?? ""]?.http?.requestTimeoutSeconds;
  return stated === undefined ? undefined : wholeSeconds(stated);
}

/** Settings of the way in that was chosen; each expose function is called for its own kind only. */
export function chosen<Kind extends Exposure["kind"]>({ settings }: Site, kind: Kind) {
  return settings.exposure as Extract<Exposure, { kind: Kind }> & { readonly kind: typeof kind };
}

/** Logical name of the front process' Service. */
export function frontService(site: Site): string {
  return `service-of-${frontProcess(site)}`;
}

function issuerAnnotation({ settings: { tls } }: Site): Labels {
  if (tls === undefined) return {};
  return { [`cert-manager.io/${tls.kind === "Issuer" ? "issuer" : "cluster-issuer"}`]: tls.issuer };
}

/** An Ingress with a rule for each domain; without domains it takes every host that no other takes. */
export function exposeByIngress(site: Site, service: string): Exposed {
  const { app, settings, namespace } = site;
  const { className, annotations = {} } = chosen(site, "ingress");
  const domains = app.domains.toSorted();
  const timeout = requestTimeout(site);
  const http = {
    paths: [
      { path: "/", pathType: "Prefix", backend: { service: { name: service, port: { name: httpPort } } } },
    ],
  };
  const tls =
    settings.tls === undefined || domains.length === 0
      ? undefined
      : [{ hosts: domains, secretName: tlsObject(app, settings) }];
  const ingress = kubeResource(site, "ingress", {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    name: baseName(app, settings),
    labels: recommendedLabels(app, settings),
    annotations: {
      ...issuerAnnotation(site),
      // Each controller has an annotation of its own for this; that of the most common one.
      ...(timeout === undefined ? {} : { "nginx.ingress.kubernetes.io/proxy-read-timeout": `${timeout}` }),
      ...annotations,
    },
    fields: {
      spec: defined({
        ingressClassName: className,
        rules: domains.length === 0 ? [{ http }] : domains.map((host) => ({ host, http })),
        tls,
      }),
    },
    dependsOn: [frontService(site)],
  });
  return { entrance: { kind: "Ingress", namespace, name: baseName(app, settings) }, resources: [ingress] };
}

/** The certificate that the Gateway's listener refers to; nobody asks for it as for that of an Ingress. */
function certificate(site: Site): readonly KubeResource[] {
  const { app, settings } = site;
  if (settings.tls === undefined || app.domains.length === 0) return [];
  const { issuer, kind } = settings.tls;
  return [
    kubeResource(site, "certificate", {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      name: tlsObject(app, settings),
      labels: recommendedLabels(app, settings),
      fields: {
        spec: {
          secretName: tlsObject(app, settings),
          dnsNames: app.domains.toSorted(),
          issuerRef: { group: "cert-manager.io", kind, name: issuer },
        },
      },
    }),
  ];
}

/** Limits of the Gateway API: host names of one HTTPRoute, and digits of a duration. */
const mostHostnames = 16;
const longestTimeout = 99_999;

/** The domains in groups that an HTTPRoute takes; one empty group when there is no domain. */
function groups(domains: readonly string[]): readonly (readonly string[])[] {
  const count = Math.max(1, Math.ceil(domains.length / mostHostnames));
  return Array.from({ length: count }, (_, index) =>
    domains.slice(index * mostHostnames, (index + 1) * mostHostnames),
  );
}

/** HTTPRoutes at a Gateway of the cluster's (Gateway API 1.2), mostly one. */
export function exposeByGateway(site: Site, service: string): Exposed {
  const { app, settings } = site;
  const gateway = chosen(site, "gateway");
  const namespace = gateway.namespace ?? site.namespace;
  const timeout = requestTimeout(site);
  // Defaults are written out: the API server would add them, and that would look like drift.
  const rule: InputValue = {
    matches: [{ path: { type: "PathPrefix", value: "/" } }],
    backendRefs: [{ group: "", kind: "Service", name: service, port: 80, weight: 1 }],
    ...(timeout === undefined ? {} : { timeouts: { request: `${Math.min(timeout, longestTimeout)}s` } }),
  };
  const routes = groups(app.domains.toSorted()).map((hostnames, index) => {
    const number = index === 0 ? "" : `-${index + 1}`;
    return kubeResource(site, `http-route${number}`, {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      name: baseName(app, settings) + number,
      labels: recommendedLabels(app, settings),
      fields: {
        spec: defined({
          parentRefs: [
            { group: "gateway.networking.k8s.io", kind: "Gateway", namespace, name: gateway.name },
          ],
          hostnames: hostnames.length === 0 ? undefined : hostnames,
          rules: [rule],
        }),
      },
      dependsOn: [frontService(site)],
    });
  });
  const entrance = { kind: "Gateway", namespace, name: gateway.name } as const;
  return { entrance, resources: [...certificate(site), ...routes] };
}

/** A load balancer that leads to the front process and to nothing else. */
export function exposeByLoadBalancer(site: Site, service: string): Exposed {
  return { entrance: { kind: "Service", namespace: site.namespace, name: service }, resources: [] };
}
