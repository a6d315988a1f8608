import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../providers/kubernetes/client/client.ts";
import type { Stack } from "../../src/engine/stack.ts";
import { steps } from "../engine/project.ts";
import type { TestCluster } from "./cluster.ts";
import { KubernetesProgram } from "./program.ts";
import { clusterOfRun, withCluster } from "./suite.ts";

const image = "registry.invalid/none:1";

/** Objects with fields that follow the site's role, as a site renders them. */
function site(namespace: string, role: "active" | "standby" | "unknown", edition = "1") {
  const isActive = role === "active";
  const labels = { app: "worker" };
  const pod = { containers: [{ name: "a", image }], restartPolicy: "Never" };
  const metadata = (name: string) => ({
    namespace,
    name,
    labels: { edition },
    annotations: { "pulumi.com/patchForce": "true", "pulumi.com/skipAwait": "true" },
  });
  const ignore = (path: string) => (role === "unknown" ? { ignoreChanges: [path] } : {});
  return [
    {
      type: "kubernetes:apps/v1:Deployment",
      name: "worker",
      inputs: {
        metadata: metadata("worker"),
        spec: {
          replicas: isActive ? 2 : 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: pod.containers } },
        },
      },
      options: ignore("spec.replicas"),
    },
    {
      type: "kubernetes:batch/v1:CronJob",
      name: "nightly",
      inputs: {
        metadata: metadata("nightly"),
        spec: {
          schedule: "0 3 * * *",
          suspend: !isActive,
          jobTemplate: { spec: { template: { spec: pod } } },
        },
      },
      options: ignore("spec.suspend"),
    },
  ];
}

await withCluster("fields that a cutover moves", () => {
  describe("fields that a cutover moves", { timeout: 180_000 }, () => {
    let namespace = "";
    let cluster: TestCluster;
    let project: KubernetesProgram;
    let stack: Stack;
    let round = 0;

    beforeAll(async () => {
      cluster = await clusterOfRun();
    });
    afterAll(() => cluster?.close());
    beforeEach(async ({ onTestFinished }) => {
      namespace = `ownership-${process.pid}-${++round}`;
      await cluster.kubectl(["create", "namespace", namespace]);
      project = new KubernetesProgram(cluster.kubeconfig);
      stack = await project.stack();
      onTestFinished(async () => {
        project[Symbol.dispose]();
        await cluster.kubectl(["delete", "namespace", namespace, "--wait=false"]);
      });
    });

    const up = async (role: "active" | "standby" | "unknown", edition?: string) => {
      project.list(site(namespace, role, edition));
      return steps(await stack.up());
    };
    const live = async () => {
      const read = (kind: string, name: string, path: string) =>
        cluster.kubectl(["get", kind, name, "-n", namespace, "-o", `jsonpath={${path}}`]);
      return {
        replicas: Number(await read("deployment", "worker", ".spec.replicas")),
        suspended: (await read("cronjob", "nightly", ".spec.suspend")) === "true",
        edition: await read("deployment", "worker", ".metadata.labels.edition"),
      };
    };
    /** What the failover plane does to a site, in its own name. */
    const cutover = async (replicas: number, suspend: boolean) => {
      const client = new KubernetesClient({ kubeconfig: cluster.kubeconfig });
      const manager = { fieldManager: "understudy" };
      await client.patch(
        { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "worker" },
        { spec: { replicas } },
        { ...manager, subresource: "scale" },
      );
      await client.patch(
        { apiVersion: "batch/v1", kind: "CronJob", namespace, name: "nightly" },
        { spec: { suspend } },
        manager,
      );
    };

    it("stay as it left them when the program knows the new role", async () => {
      await up("active");
      await cutover(0, true);
      expect(await up("standby")).toEqual(["update nightly", "update worker"]);
      expect(await live()).toMatchObject({ replicas: 0, suspended: true });
      expect(await up("standby")).toEqual([]);
      // And back.
      await cutover(3, false);
      await stack.refresh();
      expect(await up("active")).toEqual(["update worker"]);
      expect(await live()).toMatchObject({ replicas: 2, suspended: false });
    });

    it.each(["before", "after"])(
      "stay so when the role isn't known, and the state was written %s it",
      async (when) => {
        await up("active");
        await cutover(0, true);
        if (when === "after") await stack.refresh();
        // Something else changes meanwhile: the objects are applied again.
        expect(await up("unknown", "2")).toEqual(["update nightly", "update worker"]);
        expect(await live()).toEqual({ replicas: 0, suspended: true, edition: "2" });
        expect(await up("unknown", "2")).toEqual([]);
        // What was left alone is still the failover plane's: it may change it again, and nobody minds.
        await cutover(4, false);
        await up("unknown", "3");
        expect(await live()).toEqual({ replicas: 4, suspended: false, edition: "3" });
      },
    );

    it("are the program's again once the role is known, whatever was ignored before", async () => {
      await up("active");
      await cutover(0, true);
      await up("unknown", "2");
      await up("standby", "2");
      expect(await live()).toMatchObject({ replicas: 0, suspended: true });
      await up("active", "2");
      expect(await live()).toMatchObject({ replicas: 2, suspended: false });
    });

    it("are made as a standby's when the role isn't known at the first time", async () => {
      expect(await up("unknown")).toEqual(["create nightly", "create worker"]);
      expect(await live()).toMatchObject({ replicas: 0, suspended: true });
    });
  });
});
