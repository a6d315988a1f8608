import { vi } from "vitest";
import { kubernetes } from "../../providers/kubernetes/index.ts";
import { ownClusterOfRun, withOwnCluster } from "../kubernetes/suite.ts";
import { platformContract } from "./platform.ts";
import { withServices } from "./services.ts";

// Real pods: images are unpacked, probes are waited for, containers are stopped with grace.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

// The database runs in the cluster, the cache stands outside: both kinds go through the contract.
await withOwnCluster("Kubernetes as a platform", () =>
  platformContract("Kubernetes", async () => {
    const cluster = await ownClusterOfRun();
    const { url, token, ca, own } = cluster;
    const services = { cache: `redis://${own.host}:6379/0` };
    return {
      platform: withServices(kubernetes, {
        database: { from: "trial", image: own.images.postgres },
        cache: { from: "external" },
      }),
      settings: {
        exposure: { kind: "ingress", className: own.ingressClass },
        entrance: { ...own.ingress, tls: false },
        image: { registry: "registry.test/contract", builder: "command", command: [...own.imageCommand] },
        maintenanceImage: own.images.maintenance,
        drainSeconds: 1,
      },
      connection: { url, token, ca, services },
      rejected: { url, token: "an-old-token", ca, services },
      apiUrl: url,
      apiCa: ca,
      through: (address) => ({ url: address, token, services }),
      router: own.ingress,
      configReaches: ["config", "deployment-web", "deployment-worker"],
      lasting: ["understudy:kubernetes:Image", "understudy:kubernetes:ExternalService"],
      close: () => cluster.close(),
    };
  }),
);
