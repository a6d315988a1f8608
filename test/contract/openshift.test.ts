import { vi } from "vitest";
import { openshift } from "../../providers/openshift/index.ts";
import { routeDefinition } from "../kubernetes/route-crd.ts";
import { ownClusterOfRun, withOwnCluster } from "../kubernetes/suite.ts";
import { platformContract } from "./platform.ts";
import { withServices } from "./services.ts";

const namespace = "contract-openshift";

// Real pods: images are unpacked, probes are waited for, containers are stopped with grace.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

// One namespace, which is there already, for all sites: the usual case where a team has no right to make any.
await withOwnCluster("OpenShift as a platform", () =>
  platformContract("OpenShift", async () => {
    const cluster = await ownClusterOfRun();
    const { url, token, ca, own, kubectl } = cluster;
    await kubectl(["apply", "--server-side", "-f", "-"], routeDefinition);
    await kubectl(["wait", "--for=condition=Established", "crd/routes.route.openshift.io", "--timeout=30s"]);
    await kubectl(["apply", "--server-side", "-f", "-"], {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
    const services = {
      database: `postgres://app:none@${own.host}:5432/app`,
      cache: `redis://${own.host}:6379/0`,
    };
    return {
      platform: withServices(openshift, {
        database: { from: "external" },
        cache: { from: "external" },
      }),
      settings: {
        namespace,
        createNamespace: false,
        entrance: { ...own.routes, tls: false },
        image: { registry: "registry.test/contract", builder: "command", command: [...own.imageCommand] },
        maintenanceImage: own.images.maintenance,
        drainSeconds: 1,
      },
      connection: { url, token, ca, services },
      rejected: { url, token: "an-old-token", ca, services },
      apiUrl: url,
      apiCa: ca,
      through: (address) => ({ url: address, token, services }),
      router: own.routes,
      configReaches: ["config", "deployment-web", "deployment-worker"],
      lasting: ["understudy:kubernetes:Image", "understudy:kubernetes:ExternalService"],
      close: async () => {
        await kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
        await cluster.close();
      },
    };
  }),
);
