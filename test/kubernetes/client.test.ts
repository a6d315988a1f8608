import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../providers/kubernetes/client/client.ts";
import type { KubernetesObject } from "../../providers/kubernetes/client/object.ts";
import { NotFoundError, type UnderstudyError, UnsupportedError } from "../../src/base/errors.ts";
import type { TestCluster } from "./cluster.ts";
import { clusterOfRun, withCluster } from "./suite.ts";

await withCluster("the client on a real API server", () => {
  describe("the client on a real API server", () => {
    const namespace = `client-${process.pid}`;
    const manager = { fieldManager: "understudy-test" };
    let cluster: TestCluster;
    let client: KubernetesClient;

    beforeAll(async () => {
      cluster = await clusterOfRun();
      client = new KubernetesClient({ kubeconfig: cluster.kubeconfig });
      await client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, manager);
    });
    afterAll(async () => {
      await client?.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
      await cluster?.close();
    });

    const configMap = (name: string, data: Record<string, string> = {}): KubernetesObject => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace, labels: { test: "client" } },
      data,
    });
    const refOf = (name: string, kind = "ConfigMap", apiVersion = "v1") => ({
      apiVersion,
      kind,
      name,
      namespace,
    });
    /** What the server is told reaches each part of it a moment later. */
    const patience = { timeout: 120_000 };
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => "done",
        (error: unknown) => (error as UnderstudyError).code,
      );
    const deployment = (replicas: number): KubernetesObject => {
      const labels = { app: "web" };
      const containers = [{ name: "app", image: "example.com/none:1" }];
      const template = { metadata: { labels }, spec: { containers } };
      const spec = { replicas, selector: { matchLabels: labels }, template };
      return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web", namespace }, spec };
    };

    it("gets in by a token and an authority as well as by a kubeconfig", async () => {
      const byToken = new KubernetesClient({ url: cluster.url, token: cluster.token, ca: cluster.ca });
      const found = await byToken.list({ apiVersion: "v1", kind: "Namespace" });
      expect(found.map(({ metadata }) => metadata.name)).toContain(namespace);
    });

    it("applies, reads, patches, lists and deletes", async () => {
      const made = await client.apply(configMap("one", { a: "1" }), manager);
      expect(made.metadata.uid).toEqual(expect.any(String));
      await client.patch(refOf("one"), { data: { a: null, b: "2" } }, manager);
      expect((await client.get(refOf("one")))?.data).toEqual({ b: "2" });
      await client.apply(configMap("two"), manager);
      const query = { apiVersion: "v1", kind: "ConfigMap", namespace, labelSelector: "test=client" };
      expect((await client.list(query)).map(({ metadata }) => metadata.name)).toEqual(["one", "two"]);
      await client.delete(refOf("one"), { uid: "another" });
      expect(await client.get(refOf("one"))).toBeDefined();
      await client.delete(refOf("one"), { uid: made.metadata.uid ?? "" });
      await client.delete(refOf("one"));
      expect(await client.get(refOf("one"))).toBeUndefined();
    });

    it("keeps nothing of a dry run", async () => {
      await client.apply(configMap("dry"), { ...manager, dryRun: true });
      expect(await client.get(refOf("dry"))).toBeUndefined();
    });

    it("tells of fields that a kind doesn't have, and passes on what the server warns about", async () => {
      const odd = client.apply({ ...configMap("odd"), colour: "blue" }, manager);
      await expect(odd).rejects.toMatchObject({
        code: "invalid",
        problems: [{ code: "unknown-field", path: "colour" }],
      });
      const labels = { "pod-security.kubernetes.io/warn": "restricted" };
      await client.patch(
        { apiVersion: "v1", kind: "Namespace", name: namespace },
        { metadata: { labels } },
        manager,
      );
      const warnings = async () => {
        const texts: string[] = [];
        const onWarning = (text: string) => texts.push(text);
        await client.apply(deployment(0), { ...manager, dryRun: true, onWarning });
        return texts;
      };
      await expect.poll(warnings, patience).toEqual([expect.stringContaining("would violate PodSecurity")]);
    });

    it("tells whose fields an apply would take, and takes them by force", async () => {
      await client.apply(deployment(0), manager);
      const scale = { fieldManager: "somebody", subresource: "scale" };
      await client.patch(refOf("web", "Deployment", "apps/v1"), { spec: { replicas: 1 } }, scale);
      await expect(client.apply(deployment(0), manager)).rejects.toMatchObject({
        code: "field-conflict",
        conflicts: [{ manager: "somebody", fields: [".spec.replicas"] }],
      });
      await client.apply(deployment(0), { ...manager, force: true });
    });

    it("tells of what is invalid by its path", async () => {
      const bad = { ...deployment(0), spec: { replicas: -1, selector: {}, template: {} } };
      const error = await client
        .apply({ ...bad, metadata: { name: "bad", namespace } }, manager)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "invalid" });
      const { problems } = error as { readonly problems: readonly { readonly path?: string }[] };
      expect(problems.map(({ path }) => path)).toEqual(expect.arrayContaining(["spec.replicas"]));
    });

    it("tells of rejected credentials, missing rights, quotas, policies, kinds and namespaces", async () => {
      const stranger = new KubernetesClient({ url: cluster.url, token: "an-old-token", ca: cluster.ca });
      await expect(stranger.get(refOf("one"))).rejects.toMatchObject({ code: "credentials-rejected" });

      await cluster.kubectl(["create", "serviceaccount", "reader", "-n", namespace]);
      const token = (await cluster.kubectl(["create", "token", "reader", "-n", namespace])).trim();
      const reader = new KubernetesClient({ url: cluster.url, token, ca: cluster.ca });
      await expect(reader.patch(refOf("two"), { data: {} }, manager)).rejects.toMatchObject({
        code: "forbidden",
        message: expect.stringContaining(`May not patch configmaps 'two' in namespace '${namespace}'`),
      });

      const hard = { "count/configmaps": "2" };
      const metadata = { name: "small", namespace };
      await client.apply({ apiVersion: "v1", kind: "ResourceQuota", metadata, spec: { hard } }, manager);
      let made = 0;
      const another = async () => await codeOf(client.apply(configMap(`many-${++made}`), manager));
      await expect.poll(another, patience).toBe("quota-exceeded");
      await client.delete(refOf("small", "ResourceQuota"));

      const enforce = { "pod-security.kubernetes.io/enforce": "restricted" };
      const labelled = { metadata: { labels: enforce } };
      await client.patch({ apiVersion: "v1", kind: "Namespace", name: namespace }, labelled, manager);
      const spec = { containers: [{ name: "app", image: "example.com/none:1" }] };
      let pods = 0;
      const rootful = async () => {
        const pod = { name: `root-${++pods}`, namespace };
        return await codeOf(client.create({ apiVersion: "v1", kind: "Pod", metadata: pod, spec }));
      };
      await expect.poll(rootful, patience).toBe("admission-refused");

      const old = client.get({ ...refOf("a"), apiVersion: "policy/v1beta1", kind: "PodDisruptionBudget" });
      await expect(old).rejects.toBeInstanceOf(UnsupportedError);
      await expect(old).rejects.toThrow("It has PodDisruptionBudget of policy/v1");
      const missing = client.get({ ...refOf("a"), apiVersion: "nobody.example.com/v1", kind: "Thing" });
      await expect(missing).rejects.toThrow("nothing of the group 'nobody.example.com'");
      const nowhere = client.apply(
        { ...configMap("a"), metadata: { name: "a", namespace: "no-such" } },
        manager,
      );
      await expect(nowhere).rejects.toBeInstanceOf(NotFoundError);
      await expect(nowhere).rejects.toMatchObject({ code: "no-such-namespace" });
    });

    it("finds a kind that has come since the last look", async () => {
      const group = `client-${process.pid}.example.com`;
      const thing = { apiVersion: `${group}/v1`, kind: "Thing", name: "a", namespace };
      await expect(client.get(thing)).rejects.toMatchObject({ code: "unknown-kind" });
      const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
      const name = `things.${group}`;
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      const spec = {
        group,
        scope: "Namespaced",
        names: { plural: "things", kind: "Thing" },
        versions: [{ name: "v1", served: true, storage: true, schema }],
      };
      await client.apply({ ...definition, metadata: { name }, spec }, manager);
      try {
        await expect.poll(() => client.get(thing).catch(() => "unknown"), patience).toBeUndefined();
      } finally {
        await client.delete({ ...definition, name });
      }
    });

    it("watches from a list on", async () => {
      const query = { apiVersion: "v1", kind: "ConfigMap", namespace, labelSelector: "watch=me" };
      const marked = (value: string): KubernetesObject => ({
        ...configMap("seen", { value }),
        metadata: { name: "seen", namespace, labels: { watch: "me" } },
      });
      await client.apply(marked("1"), manager);
      const told: string[] = [];
      for await (const { type, object } of client.watch(query, { timeoutMs: 120_000 })) {
        told.push(`${type} ${JSON.stringify(object.data)}`);
        if (told.length === 1) await client.apply(marked("2"), manager);
        if (told.length === 2) await client.delete(refOf("seen"));
        if (told.length === 3) break;
      }
      expect(told).toEqual(['ADDED {"value":"1"}', 'MODIFIED {"value":"2"}', 'DELETED {"value":"2"}']);
    });
  });
});
