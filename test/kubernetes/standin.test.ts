import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EngineEvent } from "../../src/engine/events.ts";
import type { Stack } from "../../src/engine/stack.ts";
import { failing, logs, steps } from "../engine/project.ts";
import type { TestCluster } from "./cluster.ts";
import { KubernetesProgram } from "./program.ts";
import { clusterOfRun, ownClusterOfRun, withCluster, withOwnCluster } from "./suite.ts";

/** As users write it: with the package's own classes, names left out, values in whatever form. */
const program = `import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
const values = JSON.parse(readFileSync(new URL("values.json", import.meta.url), "utf8"));
const { kubeconfig, image, greeting, line, deadline = 150, extra = {} } = values;
const o = { provider: new k8s.Provider("cluster", { kubeconfig, enableConfigMapMutable: true }) };
const ns = new k8s.core.v1.Namespace("standin", {}, o);
const namespace = ns.metadata.name;
const labels = { app: "web" };
const config = new k8s.core.v1.ConfigMap("config", { metadata: { namespace }, data: { GREETING: greeting } }, o);
const secret = new k8s.core.v1.Secret("env", { metadata: { namespace, name: "env" }, stringData: { TOKEN: "canary-51c9" } }, o);
const container = {
  name: "web",
  image,
  command: ["/bin/sh", "-c", line],
  envFrom: [{ configMapRef: { name: config.metadata.name } }, { secretRef: { name: secret.metadata.name } }],
  resources: { requests: { cpu: "0.01", memory: "0.0625Gi" }, limits: { memory: "64Mi" } },
  readinessProbe: { exec: { command: ["test", "-f", "/tmp/ready"] }, periodSeconds: 1, timeoutSeconds: 20 },
};
new k8s.apps.v1.Deployment("web", {
  metadata: { namespace, name: "web" },
  spec: {
    replicas: 1,
    progressDeadlineSeconds: deadline,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
  },
}, o);
new k8s.core.v1.Service("web", { metadata: { namespace, name: "web" }, spec: { selector: labels, ports: [{ port: 80 }] } }, o);
new k8s.batch.v1.Job("release", {
  metadata: { namespace, name: "release" },
  spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image, command: ["true"], ...extra }] } } },
}, o);
const group = values.group;
const schema = { openAPIV3Schema: { type: "object", x_kubernetes_preserve_unknown_fields: true } };
new k8s.apiextensions.v1.CustomResourceDefinition("widgets", {
  metadata: { name: "widgets." + group },
  spec: { group, scope: "Namespaced", names: { kind: "Widget", plural: "widgets" }, versions: [{ name: "v1", served: true, storage: true, schema }] },
}, o);
// Nothing says that it comes after its definition and its namespace's other objects.
new k8s.apiextensions.CustomResource("one", { apiVersion: group + "/v1", kind: "Widget", metadata: { namespace, name: "one" }, spec: { size: 3 } }, o);
export const name = namespace;
export const version = secret.metadata.resourceVersion;
`;

const serving = "touch /tmp/ready; echo serving; sleep 1000";

await withOwnCluster("a program of users under the offline engine", () => {
  describe("a program of users under the offline engine", { timeout: 180_000 }, () => {
    const group = `standin-${process.pid}.example.com`;
    let cluster: Awaited<ReturnType<typeof ownClusterOfRun>>;
    let project: KubernetesProgram;
    let stack: Stack;
    let values: object;
    let namespace = "";

    beforeAll(async () => {
      cluster = await ownClusterOfRun();
      project = new KubernetesProgram(cluster.kubeconfig, program);
      values = { image: cluster.own.images.redis, greeting: "hello", line: serving, group };
      project.values(values);
      stack = await project.stack();
    });
    afterAll(async () => {
      project?.[Symbol.dispose]();
      await cluster?.close();
    });

    const kubectl = (...args: string[]) => cluster.kubectl([...args, "-n", namespace]);

    it("makes everything and waits until it serves", async () => {
      const events: EngineEvent[] = [];
      const summary = await stack.up({ onEvent: (event) => events.push(event) });
      expect(steps(summary)).toEqual(
        ["config", "env", "one", "release", "standin", "web", "web", "widgets"].map(
          (name) => `create ${name}`,
        ),
      );
      expect(logs(events)).toContain(
        "The plugin 'kubernetes 4.34.2' is not installed: Understudy stands in for it.",
      );
      namespace = String(summary.outputs.name?.value);
      expect(namespace).toMatch(/^standin-[0-9a-f]{8}$/);
      expect(await kubectl("get", "deployment", "web", "-o", "jsonpath={.status.availableReplicas}")).toBe(
        "1",
      );
      expect(await kubectl("get", "job", "release", "-o", "jsonpath={.status.succeeded}")).toBe("1");
      expect(await kubectl("get", `widgets.${group}`, "one", "-o", "jsonpath={.spec.size}")).toBe("3");
      expect(await stack.export()).not.toContain("canary-51c9");
      expect(await stack.export()).not.toContain(Buffer.from("canary-51c9").toString("base64"));
    });

    it("changes nothing the second time, nor after a refresh", async () => {
      expect(steps(await stack.up())).toEqual([]);
      await stack.refresh();
      expect(steps(await stack.up())).toEqual([]);
    });

    it("updates the one object whose value changes", async () => {
      project.values({ ...values, greeting: "hi" });
      const changed = steps(await stack.up());
      expect(changed).toEqual(["update config"]);
      expect(await kubectl("get", "configmap", "-o", "jsonpath={.items[*].data.GREETING}")).toContain("hi");
      project.values(values);
      await stack.up();
    });

    it("sees what another manager changed, and names it and the field when it may not change that back", async () => {
      await kubectl("scale", "deployment", "web", "--replicas=2");
      await kubectl("annotate", "secret", "env", "owner=somebody");
      const seen = (await stack.refresh()).steps.filter(({ step }) => step !== "same");
      const change = seen
        .flatMap(({ changes }) => changes ?? [])
        .find(({ path }) => path === "spec.replicas");
      expect(change).toMatchObject({ before: 1, after: 2 });
      const { errors } = await failing(stack.up());
      expect(errors.map(({ message }) => message).join("\n")).toMatch(/kubectl holds \.spec\.replicas/);
      expect(errors.map(({ message }) => message).join("\n")).toContain("pulumi.com/patchForce");
      await kubectl("scale", "deployment", "web", "--replicas=1");
      await stack.up();
    });

    it("replaces what can't be changed in place, the old one first where both have one name", async () => {
      project.values({ ...values, extra: { env: [{ name: "ROUND", value: "2" }] } });
      const before = await kubectl("get", "job", "release", "-o", "jsonpath={.metadata.uid}");
      const changed = steps(await stack.up());
      expect(changed).toContain("replace release");
      expect(await kubectl("get", "job", "release", "-o", "jsonpath={.metadata.uid}")).not.toBe(before);
    });

    it.each([
      ["an image that isn't there", { image: "registry.invalid/none:1" }, /image.+registry\.invalid\/none:1/],
      ["a command that ends", { line: "echo no database; exit 3" }, /exited with 3 .*\n.*no database/s],
      ["a probe that fails", { line: "sleep 1000" }, /isn't ready: Readiness probe failed/],
    ])("leaves the old pods serving when the new ones have %s, and says why", async (_what, bad, reason) => {
      const serves = await kubectl(
        "get",
        "pods",
        "-l",
        "app=web",
        "-o",
        "jsonpath={.items[?(@.status.containerStatuses[0].ready==true)].metadata.uid}",
      );
      project.values({
        ...values,
        ...bad,
        deadline: 10,
        extra: {
          env: [{ name: "ROUND", value: "2" }],
          ...("image" in bad ? { image: cluster.own.images.redis } : {}),
        },
      });
      let text = "";
      // A node that is busy may have tried nothing yet when the time is up; the next run gives it as much again.
      for (let run = 0; run < 5 && !reason.test(text); run++) {
        const { errors } = await failing(stack.up());
        text = errors.map(({ message }) => message).join("\n");
        expect(text).toContain(`Deployment ${namespace}/web: it made no progress within 10 s`);
      }
      expect(text).toMatch(reason);
      const pods = JSON.parse(await kubectl("get", "pods", "-l", "app=web", "-o", "json"));
      const old = pods.items.find((pod: { metadata: { uid: string } }) => pod.metadata.uid === serves);
      expect(old.status.containerStatuses[0].ready).toBe(true);
    });

    it("goes back by an ordinary update", async () => {
      project.values({ ...values, extra: { env: [{ name: "ROUND", value: "2" }] } });
      await stack.up();
      expect(await kubectl("get", "deployment", "web", "-o", "jsonpath={.status.updatedReplicas}")).toBe("1");
    });

    it("leaves nothing when it is destroyed", async () => {
      await stack.destroy();
      expect(await cluster.kubectl(["get", "namespace", namespace, "--ignore-not-found"])).toBe("");
      expect(await cluster.kubectl(["get", "crd", `widgets.${group}`, "--ignore-not-found"])).toBe("");
    });
  });
});

await withCluster("objects that are there already", () => {
  describe("objects that are there already", { timeout: 180_000 }, () => {
    const namespace = `adopt-${process.pid}`;
    let cluster: TestCluster;
    let project: KubernetesProgram;

    beforeAll(async () => {
      cluster = await clusterOfRun();
      await cluster.kubectl(["create", "namespace", namespace]);
    });
    afterAll(async () => {
      await cluster?.kubectl(["delete", "namespace", namespace, "--wait=false"]);
      await cluster?.close();
    });
    beforeEach(async () => {
      project?.[Symbol.dispose]();
      project = new KubernetesProgram(cluster.kubeconfig);
    });

    const config = (name: string, object: string, data: object, options: object = {}) => ({
      type: "kubernetes:core/v1:ConfigMap",
      name,
      inputs: { metadata: { namespace, name: object }, data },
      options,
    });
    const kubectl = (...args: string[]) => cluster.kubectl([...args, "-n", namespace]);

    it("are refused when somebody else made them, unless the provider says to take them over", async () => {
      await kubectl("create", "configmap", "theirs", "--from-literal=A=1");
      project.list([config("a", "theirs", { A: "2" })]);
      const stack = await project.stack();
      const { errors } = await failing(stack.up());
      expect(errors[0]?.message).toContain(`ConfigMap ${namespace}/theirs is there already`);
      expect(errors[0]?.message).toContain(`import: "${namespace}/theirs"`);
      expect(await kubectl("get", "configmap", "theirs", "-o", "jsonpath={.data.A}")).toBe("1");
      project.list([config("a", "theirs", { A: "2" })], {
        upsertExistingObjects: "true",
        enablePatchForce: "true",
      });
      await stack.up();
      expect(await kubectl("get", "configmap", "theirs", "-o", "jsonpath={.data.A}")).toBe("2");
    });

    it("are not taken for a renamed resource's, whose old name would then delete them", async () => {
      project.list([config("a", "renamed", { A: "1" })]);
      const stack = await project.stack();
      await stack.up();
      project.list([config("b", "renamed", { A: "1" })]);
      const { errors } = await failing(stack.up());
      expect(errors[0]?.message).toContain("is there already");
      expect(await kubectl("get", "configmap", "renamed", "-o", "jsonpath={.data.A}")).toBe("1");
      project.list([config("b", "renamed", { A: "1" }, { aliases: [{ name: "a" }] })]);
      expect(steps(await stack.up())).toEqual([]);
    });

    it("are known again when a run broke off before it could write its state", async () => {
      project.list([config("a", "lost", { A: "1" })]);
      const stack = await project.stack();
      await stack.up();
      await stack.remove({ force: true });
      project.list([config("a", "lost", { A: "2" })]);
      expect(steps(await (await project.stack()).up())).toEqual(["create a"]);
      expect(await kubectl("get", "configmap", "lost", "-o", "jsonpath={.data}")).toBe('{"A":"2"}');
    });

    it("are imported, protected, and kept from then on", async () => {
      await kubectl("create", "configmap", "imported", "--from-literal=A=1");
      const options = { import: `${namespace}/imported`, protect: true };
      project.list([config("a", "imported", { A: "1" }, options)]);
      const stack = await project.stack();
      expect((await stack.up()).steps.map(({ step, name }) => `${step} ${name}`)).toContain("import a");
      project.list([config("a", "imported", { A: "1" }, { protect: true })]);
      expect(steps(await stack.up())).toEqual([]);
      project.list([]);
      expect((await failing(stack.up())).errors[0]?.message).toContain("protected");
      project.list([config("a", "imported", { A: "1" })]);
      await stack.up();
      await stack.destroy();
      expect(await kubectl("get", "configmap", "imported", "--ignore-not-found")).toBe("");
    });

    it("that somebody made anew under the name are not deleted, and those that are gone are no error", async () => {
      project.list([config("a", "anew", { A: "1" }), config("b", "gone", { A: "1" })]);
      const stack = await project.stack();
      await stack.up();
      await kubectl("delete", "configmap", "anew", "gone");
      await kubectl("create", "configmap", "anew", "--from-literal=A=theirs");
      await stack.destroy();
      expect(await kubectl("get", "configmap", "anew", "-o", "jsonpath={.data.A}")).toBe("theirs");
    });

    it("and gone on the cluster leave the state at a refresh, and come back at the next up", async () => {
      project.list([config("a", "back", { A: "1" })]);
      const stack = await project.stack();
      await stack.up();
      await kubectl("delete", "configmap", "back");
      await stack.refresh();
      expect(steps(await stack.up())).toEqual(["create a"]);
      await stack.destroy();
    });

    it("and held by somebody are waited for, and said to be held", async () => {
      const held = config("a", "held", { A: "1" }, { customTimeouts: { delete: "10s" } });
      const inputs = {
        ...held.inputs,
        metadata: { ...held.inputs.metadata, finalizers: ["example.com/holder"] },
      };
      project.list([{ ...held, inputs }]);
      const stack = await project.stack();
      await stack.up();
      const { errors } = await failing(stack.destroy());
      expect(errors[0]?.message).toContain(
        `ConfigMap ${namespace}/held was told to go and is still there: it waits for the finalizers example.com/holder`,
      );
      await kubectl("patch", "configmap", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}');
      await stack.destroy();
    });

    it("are previewed without a word to the cluster that changes it", async () => {
      project.list([config("a", "seen", { A: "1" })]);
      const stack = await project.stack();
      expect(steps(await stack.preview())).toEqual(["create a"]);
      expect(await kubectl("get", "configmap", "seen", "--ignore-not-found")).toBe("");
    });
  });
});
