import type { InputValue } from "../../src/platform/contract.ts";
import { domainObject, httpPort, recommendedLabels } from "../kubernetes/names.ts";
import { chosen, frontService, requestTimeout } from "../kubernetes/render/exposure.ts";
import type { KubeResource, Labels } from "../kubernetes/render/kube.ts";
import { defined, kubeResource } from "../kubernetes/render/object.ts";
import type { Exposed, Site } from "../kubernetes/render/site.ts";

/** Longest time that the router takes, in seconds: what Go's durations hold in its units, kept far below. */
const longestTimeout = 2_147_483;

/**
 * Annotations of every Route. Without the cookie the router keeps no user at one instance, as no other platform does.
 * The certificate is put into the Route by cert-manager's controller for Routes.
 */
function annotationsOf(site: Site): Labels {
  const { tls } = site.settings;
  const timeout = requestTimeout(site);
  return {
    "haproxy.router.openshift.io/disable_cookies": "true",
    ...(timeout === undefined
      ? {}
      : { "haproxy.router.openshift.io/timeout": `${Math.min(timeout, longestTimeout)}s` }),
    ...(tls === undefined
      ? {}
      : { "cert-manager.io/issuer-kind": tls.kind, "cert-manager.io/issuer-name": tls.issuer }),
    ...chosen(site, "route").annotations,
  };
}

/** Host and policy of a domain; a Route for a wildcard names any host below it. */
function hostOf(domain: string): { readonly [field: string]: InputValue } {
  return domain.startsWith("*.")
    ? { host: `wildcard${domain.slice(1)}`, wildcardPolicy: "Subdomain" }
    : { host: domain, wildcardPolicy: "None" };
}

interface Wish {
  readonly logicalName: string;
  readonly name: string;
  readonly host: { readonly [field: string]: InputValue };
  readonly service: string;
}

function route(site: Site, { logicalName, name, host, service }: Wish): KubeResource {
  const { app, settings } = site;
  return kubeResource(site, logicalName, {
    apiVersion: "route.openshift.io/v1",
    kind: "Route",
    name,
    labels: recommendedLabels(app, settings),
    annotations: annotationsOf(site),
    fields: {
      spec: defined({
        ...host,
        to: { kind: "Service", name: service, weight: 100 },
        port: { targetPort: httpPort },
        tls: { termination: "edge", insecureEdgeTerminationPolicy: "Redirect" },
      }),
    },
    dependsOn: [frontService(site)],
    // The certificate's key ends up in the specification.
    options: settings.tls === undefined ? {} : { secretOutputs: ["spec"] },
  });
}

/** A Route for each domain, with TLS at the edge; without domains one whose host the router makes up. */
export function exposeByRoute(site: Site, service: string): Exposed {
  const { app, settings, namespace } = site;
  const wishes =
    app.domains.length === 0
      ? [{ logicalName: "route", name: service, host: { wildcardPolicy: "None" }, service }]
      : app.domains.toSorted().map((domain) => ({
          logicalName: `route-${domain.replace("*", "wildcard")}`,
          name: domainObject(app, settings, domain),
          host: hostOf(domain),
          service,
        }));
  return {
    entrance: { kind: "Route", namespace, name: wishes[0]?.name ?? service },
    resources: wishes.map((wish) => route(site, wish)),
  };
}
