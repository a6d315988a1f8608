import { sortKeys } from "../../../src/base/json.ts";
import type { InputValue } from "../../../src/platform/contract.ts";
import {
  httpPort,
  maintenanceLabel,
  maintenanceObject,
  maintenanceSelector,
  publicLabel,
  recommendedLabels,
  shortHash,
} from "../names.ts";
import type { KubeResource } from "./kube.ts";
import { kubeResource, sharedWithFailover } from "./object.ts";
import { containerSecurity, podSecurity } from "./security.ts";
import { frontProcess, type Site } from "./site.ts";

const component = "maintenance";
const port = 8080;
/** Where nginx reads its configuration; the page lies beside it. */
const folder = "/etc/nginx/conf.d";
/** Seconds after which clients and crawlers should come again. */
const retryAfter = 60;

const configuration = `server {
  listen ${port};
  root ${folder};
  location / { return 503; }
  error_page 503 /page.html;
  location = /page.html {
    internal;
    add_header Retry-After ${retryAfter} always;
    add_header Cache-Control no-store always;
  }
}
`;

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Maintenance</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1rem }</style>
</head>
<body>
<h1>Back soon</h1>
<p>We are working on this site. Please try again in a minute.</p>
</body>
</html>
`;

/**
 * The maintenance page: an nginx that answers 503 to everything. A Service that selects these pods instead of its own
 * serves it, with nothing else changed.
 */
export function renderMaintenance(site: Site): readonly KubeResource[] {
  if (frontProcess(site) === undefined) return [];
  const { app, settings, dialect } = site;
  const name = maintenanceObject(app, settings);
  const labels = recommendedLabels(app, settings, component);
  const data = sortKeys({ "default.conf": configuration, "page.html": page });
  const selector = maintenanceSelector(app, settings);
  const pod: InputValue = {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // The image's user has a name, which can't be told from root.
    securityContext: { ...podSecurity, ...(dialect.pinsIds ? { runAsUser: 101 } : {}) },
    containers: [
      {
        name: "page",
        image: settings.maintenanceImage,
        ports: [{ name: httpPort, containerPort: port, protocol: "TCP" }],
        readinessProbe: { tcpSocket: { port: httpPort }, periodSeconds: 1 },
        resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
        securityContext: containerSecurity(true),
        volumeMounts: [
          { name: "configuration", mountPath: folder, readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    terminationGracePeriodSeconds: 5,
    volumes: [
      { name: "configuration", configMap: { name } },
      { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
    ],
  };
  return [
    kubeResource(site, "maintenance-page", {
      apiVersion: "v1",
      kind: "ConfigMap",
      name,
      labels,
      fields: { data },
    }),
    kubeResource(site, "maintenance", {
      apiVersion: "apps/v1",
      kind: "Deployment",
      name,
      labels,
      annotations: sharedWithFailover,
      fields: {
        spec: {
          replicas: settings.maintenanceWarm ? 1 : 0,
          revisionHistoryLimit: 1,
          selector: { matchLabels: selector },
          template: {
            metadata: {
              labels: { ...labels, ...selector, [maintenanceLabel]: "true", [publicLabel]: "true" },
              annotations: { "understudy.dev/config-hash": shortHash(JSON.stringify(data), 16) },
            },
            spec: pod,
          },
        },
      },
      dependsOn: ["maintenance-page"],
    }),
  ];
}
