import { UnsupportedError } from "../../../src/base/errors.ts";
import type { RenderedResource } from "../../../src/platform/contract.ts";
import { baseName, processObject, recommendedLabels } from "../names.ts";
import { renderServices, sourceOf } from "./backing.ts";
import { renderConfig } from "./config.ts";
import { renderImage } from "./image.ts";
import { renderRelease, renderSchedule } from "./job.ts";
import type { KubeResource } from "./kube.ts";
import { renderMaintenance } from "./maintenance.ts";
import { renderNetworkPolicies } from "./network-policy.ts";
import { kubeResource, namespaceResource } from "./object.ts";
import { renderProcesses } from "./process.ts";
import { frontProcess, namesOf, type Site } from "./site.ts";

/** Logical name of the resource whose output `traffic` says where DNS must point. */
export const entranceResource = "entrance";

function namespace(site: Site): readonly KubeResource[] {
  const { app, settings, dialect } = site;
  if (!settings.createNamespace) return [];
  const holdsData = Object.keys(app.services).some((name) => sourceOf(site, name).from !== "external");
  return [
    kubeResource(site, namespaceResource, {
      apiVersion: "v1",
      kind: "Namespace",
      name: site.namespace,
      labels: { ...recommendedLabels(app, settings), ...dialect.namespaceLabels },
      isClusterWide: true,
      // All that is in it goes with it.
      options: holdsData ? { holdsData } : {},
    }),
  ];
}

/** The app's pods act as this account, which has no rights and no token. */
function serviceAccount(site: Site): KubeResource {
  const { app, settings } = site;
  return kubeResource(site, "service-account", {
    apiVersion: "v1",
    kind: "ServiceAccount",
    name: baseName(app, settings),
    labels: recommendedLabels(app, settings),
    fields: { automountServiceAccountToken: false },
  });
}

function wayIn(site: Site): readonly RenderedResource[] {
  const { app, settings, dialect } = site;
  const front = frontProcess(site);
  if (front === undefined) return [];
  const expose = dialect.exposures[settings.exposure.kind];
  if (expose === undefined) {
    throw new UnsupportedError(`${dialect.title} has no exposure '${settings.exposure.kind}'.`, {
      code: "unknown-exposure",
      path: "settings.exposure.kind",
      suggestion: `Use one of ${Object.keys(dialect.exposures).sort().join(", ")}.`,
    });
  }
  const { entrance, resources } = expose(site, processObject(app, settings, front));
  const { traffic } = settings;
  return [
    ...resources,
    {
      type: "understudy:kubernetes:Entrance",
      name: entranceResource,
      inputs: {
        ...entrance,
        hosts: app.domains.toSorted(),
        traffic: traffic === undefined ? null : { type: traffic.type, values: [...traffic.values] },
      },
      dependsOn: resources.length === 0 ? [`service-of-${front}`] : namesOf(resources),
    },
  ];
}

/** Everything that Pulumi registers for a site, in an order that it can be made in. */
export function renderResources(site: Site): readonly RenderedResource[] {
  const ground = [
    ...namespace(site),
    serviceAccount(site),
    ...renderNetworkPolicies(site),
    ...renderServices(site),
    ...renderConfig(site),
  ];
  const before = namesOf(ground).filter((name) => name !== namespaceResource);
  const release = renderRelease(site, before);
  const after = [...before, ...namesOf(release)];
  return [
    ...renderImage(site),
    ...ground,
    ...release,
    ...renderMaintenance(site),
    ...renderProcesses(site, after),
    ...renderSchedule(site, after),
    ...wayIn(site),
  ];
}
