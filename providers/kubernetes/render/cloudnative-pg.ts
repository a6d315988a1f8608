import type { Service } from "../../../src/app/schema.ts";
import { recommendedLabels, serviceObject } from "../names.ts";
import type { ServiceSettings } from "../settings.ts";
import type { KubeResource } from "./kube.ts";
import { kubeResource } from "./object.ts";
import { canonicalSize } from "./quantity.ts";
import type { Site } from "./site.ts";

type Wish = Extract<ServiceSettings, { from: "cloudnative-pg" }>;

/** A Postgres that the CloudNativePG operator runs (https://cloudnative-pg.io, API postgresql.cnpg.io/v1). */
export function cloudNativePg(
  site: Site,
  name: string,
  { version, extensions }: Service,
  { instances, storage, exposed }: Wish,
): readonly KubeResource[] {
  const { app, settings } = site;
  const object = serviceObject(app, settings, name);
  const outside = {
    services: {
      additional: [
        {
          selectorType: "rw",
          // The default, which the API server would add.
          updateStrategy: "patch",
          serviceTemplate: { metadata: { name: `${object}-outside` }, spec: { type: "LoadBalancer" } },
        },
      ],
    },
  };
  const create = extensions
    .toSorted()
    .map((extension) => `CREATE EXTENSION IF NOT EXISTS "${extension.replaceAll('"', '""')}"`);
  return [
    kubeResource(site, `cluster-${name}`, {
      apiVersion: "postgresql.cnpg.io/v1",
      kind: "Cluster",
      name: object,
      labels: recommendedLabels(app, settings, name),
      fields: {
        spec: {
          instances,
          ...(version === undefined ? {} : { imageName: `ghcr.io/cloudnative-pg/postgresql:${version}` }),
          storage: {
            size: canonicalSize(storage),
            ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
          },
          bootstrap: {
            initdb: {
              database: "app",
              owner: "app",
              ...(create.length === 0 ? {} : { postInitApplicationSQL: create }),
            },
          },
          ...(exposed ? { managed: outside } : {}),
        },
      },
      options: { holdsData: true, timeoutSeconds: 1800 },
    }),
  ];
}
