import type { InputValue } from "../../../src/platform/contract.ts";
import {
  baseName,
  httpPort,
  publicLabel,
  recommendedLabels,
  serviceObject,
  servicePort,
  serviceSelector,
  siteSelector,
} from "../names.ts";
import { sourceOf } from "./backing.ts";
import type { KubeResource } from "./kube.ts";
import { kubeResource } from "./object.ts";
import { frontProcess, type Site, sortedEntries } from "./site.ts";

interface Wish {
  readonly logicalName: string;
  readonly name: string;
  readonly pods: Readonly<Record<string, string>>;
  readonly rule: InputValue;
}

function policy(site: Site, { logicalName, name, pods, rule }: Wish): KubeResource {
  const { app, settings } = site;
  return kubeResource(site, logicalName, {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    name,
    labels: recommendedLabels(app, settings),
    fields: { spec: { podSelector: { matchLabels: pods }, policyTypes: ["Ingress"], ingress: [rule] } },
  });
}

const port = (name: string): InputValue => [{ port: name, protocol: "TCP" }];

/**
 * Who may reach the site's pods: each other, and for those of public processes the cluster's way in. What the pods
 * themselves reach is left open: mail, payment and whatever else an app calls is not in its description.
 */
export function renderNetworkPolicies(site: Site): readonly KubeResource[] {
  const { app, settings, dialect } = site;
  if (!settings.networkPolicy) return [];
  const base = baseName(app, settings);
  const own = siteSelector(app, settings);
  const peers = dialect.ingressPeers(settings);
  const policies = [
    policy(site, {
      logicalName: "network-policy",
      name: base,
      pods: own,
      rule: { from: [{ podSelector: { matchLabels: own } }] },
    }),
  ];
  if (frontProcess(site) !== undefined) {
    policies.push(
      policy(site, {
        logicalName: "network-policy-public",
        name: `${base}-public`,
        pods: { ...own, [publicLabel]: "true" },
        rule: { ports: port(httpPort), ...(peers === undefined ? {} : { from: peers }) },
      }),
    );
  }
  for (const [name] of sortedEntries(app.services)) {
    const source = sourceOf(site, name);
    if (source.from !== "trial" || !source.exposed) continue;
    policies.push(
      policy(site, {
        logicalName: `network-policy-of-${name}`,
        name: serviceObject(app, settings, name),
        pods: serviceSelector(app, settings, name),
        rule: { ports: port(servicePort) },
      }),
    );
  }
  return policies;
}
