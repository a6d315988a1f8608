import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { failing } from "../engine/project.ts";
import type { TestCluster } from "./cluster.ts";
import { KubernetesProgram, type ProgramResource } from "./program.ts";
import { clusterOfRun, withCluster } from "./suite.ts";

const image = "registry.invalid/none:1";

await withCluster("what a cluster refuses", () => {
  describe("what a cluster refuses", { timeout: 180_000 }, () => {
    const namespace = `refusals-${process.pid}`;
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
    beforeEach(({ onTestFinished }) => {
      project = new KubernetesProgram(cluster.kubeconfig);
      onTestFinished(() => project[Symbol.dispose]());
    });

    /** Everything that failed, as a person reads it. */
    const refusal = async (resources: readonly ProgramResource[], provider: object = {}): Promise<string> => {
      project.list(resources, provider);
      const { errors } = await failing((await project.stack()).up());
      return errors.map(({ message }) => message).join("\n");
    };
    /**
     * The same of runs one after the other, until one tells the reason. A busy cluster may have tried nothing yet when a
     * resource's time is up; the next run goes on with what is there.
     */
    const refusals = async (resources: readonly ProgramResource[], reason: RegExp): Promise<string> => {
      const texts: string[] = [];
      while (texts.length < 5 && !reason.test(texts.at(-1) ?? "")) texts.push(await refusal(resources));
      return texts.join("\n");
    };
    const object = (type: string, name: string, content: object, options: object = {}): ProgramResource => ({
      type: `kubernetes:${type}`,
      name,
      inputs: { metadata: { namespace, name }, ...content },
      options,
    });
    const config = (name = "config") => object("core/v1:ConfigMap", name, { data: { A: "1" } });
    const deployment = (name: string, container: object = {}, options: object = {}) => {
      const labels = { app: name };
      const containers = [{ name: "a", image, ...container }];
      const template = { metadata: { labels }, spec: { containers } };
      const spec = { replicas: 1, progressDeadlineSeconds: 5, selector: { matchLabels: labels }, template };
      return object("apps/v1:Deployment", name, { spec }, options);
    };
    const kubeconfig = (server: string, token: string) => {
      const entry = { server, "certificate-authority-data": Buffer.from(cluster.ca).toString("base64") };
      return stringify({
        clusters: [{ name: "c", cluster: entry }],
        users: [{ name: "u", user: { token } }],
        contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
        "current-context": "c",
      });
    };

    it("no cluster: names the address, and that nobody is there", async () => {
      // A port that no program is given by chance.
      const nobody = "https://127.0.0.1:1";
      const text = await refusal([config()], { kubeconfig: kubeconfig(nobody, "t0ken-canary") });
      expect(text).toContain(`${nobody} can't be reached`);
      expect(text).toMatch(/nobody|refused|ECONNREFUSED|not reach/i);
      expect(text).not.toContain("t0ken-canary");
    });

    it("an expired token: says so, and what to do", async () => {
      const text = await refusal([config()], { kubeconfig: kubeconfig(cluster.url, "t0ken-canary") });
      expect(text).toContain(`${cluster.url} does not take these credentials.`);
      expect(text).toContain("kubeconfig");
      expect(text).not.toContain("t0ken-canary");
    });

    it("no permission: which verb on which resource, where, and how to ask for it", async () => {
      await cluster.kubectl(["create", "serviceaccount", "poor", "-n", namespace]);
      const token = (await cluster.kubectl(["create", "token", "poor", "-n", namespace])).trim();
      const text = await refusal([config()], { kubeconfig: kubeconfig(cluster.url, token) });
      expect(text).toMatch(/May not (get|patch) configmaps 'config' in namespace/);
      expect(text).toContain("kubectl auth can-i");
      expect(text).not.toContain(token);
    });

    it("a quota that is too small: of objects at once, of pods through their Deployment", async () => {
      const own = `${namespace}-quota`;
      await cluster.kubectl(["create", "namespace", own]);
      try {
        await cluster.kubectl(["create", "quota", "small", "-n", own, "--hard=services=0,pods=0"]);
        const there = ["-n", own, "quota/small", "--for=jsonpath={.status.hard}", "--timeout=120s"];
        await cluster.kubectl(["wait", ...there]);
        const inside = ({ inputs, ...rest }: ProgramResource) => ({
          ...rest,
          inputs: { ...inputs, metadata: { namespace: own, name: rest.name } },
        });
        const service = object("core/v1:Service", "web", { spec: { ports: [{ port: 80 }] } });
        const ofPods =
          /Deployment \S+\/web: it made no progress within 5 s.*\n.*can't be made: .*exceeded quota: small/;
        const text = await refusals([inside(service), inside(deployment("web"))], ofPods);
        expect(text).toMatch(/exceeded quota: small, requested: services=1/);
        expect(text).toContain("kubectl describe quota");
        expect(text).toMatch(ofPods);
      } finally {
        await cluster.kubectl(["delete", "namespace", own, "--wait=false"]);
      }
    });

    it("admission: which policy said no to what, and Pod Security to pods through their Deployment", async () => {
      const own = `${namespace}-strict`;
      const policy = `understudy-${process.pid}`;
      await cluster.kubectl(["create", "namespace", own]);
      await cluster.kubectl(["label", "namespace", own, "pod-security.kubernetes.io/enforce=restricted"]);
      const rule = {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE", "UPDATE"],
        resources: ["configmaps"],
      };
      const apply = (content: object) => cluster.kubectl(["apply", "-f", "-"], content);
      const apiVersion = "admissionregistration.k8s.io/v1";
      await apply({
        apiVersion,
        kind: "ValidatingAdmissionPolicy",
        metadata: { name: policy },
        spec: {
          matchConstraints: { resourceRules: [rule] },
          validations: [{ expression: "false", message: "no config without an owner" }],
        },
      });
      await apply({
        apiVersion,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: policy },
        spec: {
          policyName: policy,
          validationActions: ["Deny"],
          matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": own } } },
        },
      });
      const there = ({ inputs, ...rest }: ProgramResource) => ({
        ...rest,
        inputs: { ...inputs, metadata: { namespace: own, name: rest.name } },
      });
      try {
        // A policy takes a moment to be enforced.
        await expect
          .poll(
            () =>
              cluster
                .kubectl(["create", "configmap", "x", "-n", own, "--dry-run=server"])
                .then(String, String),
            { timeout: 120_000, interval: 500 },
          )
          .toContain("no config without an owner");
        const ofPods = /can't be made: .*violates PodSecurity "restricted/;
        const text = await refusals([there(config()), there(deployment("web"))], ofPods);
        expect(text).toContain(policy);
        expect(text).toContain("no config without an owner");
        expect(text).toMatch(ofPods);
      } finally {
        await cluster.kubectl(["delete", "validatingadmissionpolicybinding", policy]);
        await cluster.kubectl(["delete", "validatingadmissionpolicy", policy]);
        await cluster.kubectl(["delete", "namespace", own, "--wait=false"]);
      }
    });

    it("an image that can't be pulled: which, and why, within the resource's time", async () => {
      const slow = deployment("pull", {}, { customTimeouts: { create: "15s", update: "15s" } });
      const ofImage = /image.+registry\.invalid\/none:1/;
      const text = await refusals([{ ...slow, inputs: withoutDeadline(slow.inputs) }], ofImage);
      expect(text).toMatch(/Deployment \S+\/pull: not ready within 15 s: 0 of 1 pods are available/);
      expect(text).toMatch(ofImage);
      expect(text).toContain("(it exists; the next update goes on with it)");
    });

    it("a pod that fits on no node: which resource is missing", async () => {
      const huge = deployment("huge", { resources: { requests: { memory: "900Gi" } } });
      const ofMemory = /no node has room for it: .*Insufficient memory/;
      expect(await refusals([huge], ofMemory)).toMatch(ofMemory);
    });

    it("a name that is too long: the field, and how long it may be", async () => {
      const long = "n".repeat(60);
      const job = {
        spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image }] } } },
      };
      const cron = object("batch/v1:CronJob", long, { spec: { schedule: "0 0 * * *", jobTemplate: job } });
      const text = await refusal([
        cron,
        object("core/v1:Service", `${long}-${long}`, { spec: { ports: [{ port: 80 }] } }),
      ]);
      expect(text).toMatch(/metadata\.name: .*must be no more than 52 characters/);
      expect(text).toMatch(/metadata\.name: .*(63 characters|must be no more than 63)/);
    });

    it("a definition that is missing: which group nobody brought", async () => {
      const text = await refusal([
        object(
          "postgresql.example.com/v1:Cluster",
          "db",
          { spec: {} },
          { customTimeouts: { create: "120s" } },
        ),
      ]);
      expect(text).toContain("The cluster has no kind Cluster of postgresql.example.com/v1");
      expect(text).toContain("CustomResourceDefinition");
    });

    it("a version that the server no longer has: what it has in its place", async () => {
      const text = await refusal([object("batch/v1beta1:CronJob", "old", { spec: {} })]);
      expect(text).toContain("no kind CronJob of batch/v1beta1. It has CronJob of batch/v1");
    });

    it("a port that is taken: which one", async () => {
      const service = (name: string) =>
        object("core/v1:Service", name, {
          metadata: { namespace, name, annotations: { "pulumi.com/skipAwait": "true" } },
          spec: { type: "NodePort", ports: [{ port: 80, nodePort: 31789 }] },
        });
      const text = await refusal([service("first"), { ...service("second"), after: ["first"] }]);
      expect(text).toMatch(/nodePort: .*31789.*already allocated/);
    });

    it("a type that is no object: that the plugin itself is needed", async () => {
      const text = await refusal([
        { type: "kubernetes:helm.sh/v3:Release", name: "chart", inputs: { chart: "x" } },
      ]);
      expect(text).toContain("There is no resource type 'kubernetes:helm.sh/v3:Release'");
      expect(text).toContain("pulumi plugin install resource kubernetes");
    });

    it("a namespace that isn't there: how to make it", async () => {
      const text = await refusal([
        { ...config(), inputs: { metadata: { namespace: "nowhere-at-all", name: "a" } } },
      ]);
      expect(text).toContain("nowhere-at-all");
      expect(text).toContain("kubectl create namespace nowhere-at-all");
    });

    it("a Job that failed: its last words, and it is made anew where it says so", async () => {
      const job = (line: string) =>
        object("batch/v1:Job", "release", {
          metadata: { namespace, name: "release", annotations: { "pulumi.com/replaceUnready": "true" } },
          spec: {
            backoffLimit: 0,
            activeDeadlineSeconds: 4,
            template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image, args: [line] }] } },
          },
        });
      const text = await refusal([job("x")]);
      expect(text).toContain(`Job ${namespace}/release: it took longer than 4 s (activeDeadlineSeconds)`);
      const uid = () =>
        cluster.kubectl(["get", "job", "release", "-n", namespace, "-o", "jsonpath={.metadata.uid}"]);
      const before = await uid();
      await failing((await project.stack()).up());
      expect(await uid()).not.toBe(before);
    });
  });
});

function withoutDeadline(inputs: object): object {
  const { spec, ...rest } = inputs as { spec: object };
  const { progressDeadlineSeconds: _, ...others } = spec as { progressDeadlineSeconds?: number };
  return { ...rest, spec: others };
}
