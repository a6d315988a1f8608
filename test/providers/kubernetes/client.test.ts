import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../../providers/kubernetes/client/client.ts";
import type { KubernetesObject } from "../../../providers/kubernetes/client/object.ts";
import { NotFoundError, RetryableError, UnsupportedError } from "../../../src/base/errors.ts";
import {
  type Answer,
  openScriptedServer,
  type ScriptedServer,
  type Seen,
  status,
} from "./scripted-server.ts";

/** Too many requests, with the time after which to come again. */
function limited(seconds: string): Answer {
  return { status: 429, json: { kind: "Status", message: "slow down" }, headers: { "retry-after": seconds } };
}

const place = { apiVersion: "v1", kind: "ConfigMap", namespace: "shop" };
const web = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };
const manager = { fieldManager: "test" };

function configMap(name: string, resourceVersion: string, data = {}): KubernetesObject {
  const metadata = { name, namespace: "shop", uid: `uid-${name}`, resourceVersion };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
}

describe("the client", () => {
  let server: ScriptedServer;
  let client: KubernetesClient;
  beforeEach(async () => {
    server = await openScriptedServer();
    client = new KubernetesClient({ url: server.url, token: "canary-token" });
  });
  afterEach(() => server.close());

  /** Answers one after the other to requests that a test speaks of; the last one stays. */
  function answering(method: string, path: string, ...answers: readonly Answer[]): void {
    let index = 0;
    server.script = (seen) =>
      seen.method === method && seen.path === path
        ? answers[Math.min(index++, answers.length - 1)]
        : undefined;
  }
  const sent = (method: string): readonly Seen[] => server.seen.filter((seen) => seen.method === method);
  const deployments = "/apis/apps/v1/namespaces/shop/deployments";
  const configMaps = "/api/v1/namespaces/shop/configmaps";

  describe("requests", () => {
    it("tells an object that isn't there from one that is", async () => {
      answering("GET", `${configMaps}/config`, { json: configMap("config", "1", { COLOR: "blue" }) });
      expect((await client.get({ ...place, name: "config" }))?.data).toEqual({ COLOR: "blue" });
      expect(await client.get({ ...place, name: "other" })).toBeUndefined();
      expect(server.seen[0]?.headers.authorization).toBe("Bearer canary-token");
    });

    it("asks where a kind is once, also for calls that come together", async () => {
      await Promise.all(["a", "b", "c"].map((name) => client.get({ ...place, name })));
      expect(server.seen.filter(({ path }) => path === "/api/v1").length).toBeLessThanOrEqual(3);
      const before = server.seen.length;
      await client.get({ ...place, name: "d" });
      expect(server.seen.length - before).toBe(1);
    });

    it("follows the pages of a list, and says of each item what it is", async () => {
      const page = (token: string, ...names: readonly string[]): Answer => ({
        json: {
          kind: "ConfigMapList",
          metadata: { resourceVersion: "9", continue: token },
          items: names.map((name) => ({ metadata: { name } })),
        },
      });
      answering("GET", configMaps, page("more", "a", "b"), page("", "c"));
      const found = await client.list({ ...place, labelSelector: "a=b" });
      expect(found.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
        "ConfigMap a",
        "ConfigMap b",
        "ConfigMap c",
      ]);
      expect(server.seen.at(-1)?.query).toEqual({ labelSelector: "a=b", limit: "500", continue: "more" });
    });

    it("begins a list anew when its state is gone", async () => {
      const list = (token: string, name: string): Answer => ({
        json: { metadata: { resourceVersion: "9", continue: token }, items: [{ metadata: { name } }] },
      });
      answering("GET", configMaps, list("t", "old"), status(410, "Expired", "too old"), list("", "new"));
      expect((await client.list(place)).map(({ metadata }) => metadata.name)).toEqual(["new"]);
    });

    it("applies by server-side apply, and passes the server's warnings on", async () => {
      const path = `${configMaps}/config`;
      const headers = { warning: '299 - "it is \\"old\\"", 299 - "and large"' };
      answering("PATCH", path, { json: configMap("config", "2"), headers });
      const warnings: string[] = [];
      const object = configMap("config", "1");
      await client.apply(object, {
        ...manager,
        force: true,
        dryRun: true,
        onWarning: (text) => warnings.push(text),
      });
      const [patch] = sent("PATCH");
      expect(patch?.headers["content-type"]).toBe("application/apply-patch+yaml");
      expect(patch?.query).toEqual({
        fieldManager: "test",
        force: "true",
        dryRun: "All",
      });
      expect(JSON.parse(patch?.body ?? "")).toEqual(object);
      expect(warnings).toEqual(['it is "old"', "and large"]);
    });

    it("patches subresources", async () => {
      answering("PATCH", `${deployments}/web/scale`, { json: { ...web, metadata: { name: "web" } } });
      await client.patch(web, { spec: { replicas: 2 } }, { ...manager, subresource: "scale" });
      expect(sent("PATCH")[0]?.headers["content-type"]).toBe("application/merge-patch+json");
    });

    it("takes what is gone, or has another identity by now, for deleted", async () => {
      await client.delete(web);
      answering("DELETE", `${deployments}/web`, status(409, "Conflict", "Precondition failed: UID"));
      await client.delete(web, { uid: "old", propagation: "Foreground" });
      expect(JSON.parse(sent("DELETE").at(-1)?.body ?? "")).toMatchObject({
        preconditions: { uid: "old" },
        propagationPolicy: "Foreground",
      });
      await expect(client.delete(web)).rejects.toMatchObject({ code: "conflict" });
    });

    it("reads logs as text", async () => {
      answering("GET", "/api/v1/namespaces/shop/pods/web-1/log", { text: "one\ntwo\n" });
      expect(await client.logs("shop", "web-1", { tailLines: 2, timestamps: true })).toBe("one\ntwo\n");
      expect(server.seen.at(-1)?.query).toEqual({ tailLines: "2", timestamps: "true" });
    });
  });

  describe("trouble", () => {
    it("waits as long as it is asked to and tries again", async () => {
      const path = `${configMaps}/a`;
      answering("GET", path, status(503, "ServiceUnavailable", "no"), limited("1"), {
        json: configMap("a", "1"),
      });
      const began = performance.now();
      expect((await client.get({ ...place, name: "a" }))?.metadata.name).toBe("a");
      expect(performance.now() - began).toBeGreaterThan(990);
    });

    it("doesn't begin a wait that the call's time doesn't allow", async () => {
      answering("GET", `${configMaps}/a`, limited("60"));
      const began = performance.now();
      await expect(client.get({ ...place, name: "a" }, { timeoutMs: 50_000 })).rejects.toMatchObject({
        code: "rate-limited",
        retryAfterMs: 60_000,
      });
      expect(performance.now() - began).toBeLessThan(40_000);
    });

    it("repeats after a torn connection, but not a JSON patch", async () => {
      answering("PATCH", `${configMaps}/a`, "tear", { json: configMap("a", "1") });
      await client.apply(configMap("a", "1"), manager);
      expect(sent("PATCH")).toHaveLength(2);
      answering("PATCH", `${configMaps}/a`, "tear");
      const ref = { ...place, name: "a" };
      const added = client.patch(ref, [{ op: "add", path: "/x/-", value: 1 }], { ...manager, type: "json" });
      await expect(added).rejects.toMatchObject({ code: "answer-lost" });
      expect(sent("PATCH")).toHaveLength(3);
    });

    it("makes an object once when the answer is lost", async () => {
      let posts = 0;
      server.script = ({ method, path }) => {
        if (method === "POST") return posts++ === 0 ? "tear" : status(409, "AlreadyExists", "exists");
        return path === `${configMaps}/once` ? { json: configMap("once", "7") } : undefined;
      };
      expect((await client.create(configMap("once", ""))).metadata.resourceVersion).toBe("7");
    });

    it("says that an object is there already when no answer was lost", async () => {
      answering("POST", configMaps, status(409, "AlreadyExists", 'configmaps "a" already exists'));
      await expect(client.create(configMap("a", ""))).rejects.toMatchObject({ code: "already-exists" });
    });

    it("ends at its deadline, and at the caller's signal with the caller's reason", async () => {
      answering("GET", `${configMaps}/a`, "silence");
      const late = client.get({ ...place, name: "a" }, { timeoutMs: 300 });
      await expect(late).rejects.toMatchObject({
        code: "http-timeout",
        message: expect.stringContaining("0.3 s"),
      });
      const abort = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => abort.abort(reason), 100);
      await expect(client.get({ ...place, name: "a" }, { signal: abort.signal })).rejects.toBe(reason);
    });

    it("says that nothing answers at the address", async () => {
      const lonely = new KubernetesClient({ url: "http://127.0.0.1:1", token: "t" });
      const failed = lonely.get({ ...place, name: "a" });
      await expect(failed).rejects.toBeInstanceOf(RetryableError);
      await expect(failed).rejects.toMatchObject({
        code: "http-unreachable",
        message: expect.stringMatching(/127\.0\.0\.1:1 can't be reached: .*ECONNREFUSED/),
      });
    });

    it("says so when the address is no API server", async () => {
      server.script = () => ({ text: "<html>hello</html>" });
      await expect(client.get({ ...place, name: "a" })).rejects.toMatchObject({
        code: "bad-response",
        suggestion: expect.stringContaining("API server"),
      });
    });
  });

  describe("refusals", () => {
    const patchRefused = async (answer: Answer) => {
      answering("PATCH", `${deployments}/web`, answer);
      return await client.patch(web, {}, manager).catch((error: unknown) => error);
    };

    it("tells of rejected credentials, without showing them", async () => {
      server.script = () => status(401, "Unauthorized", "Unauthorized");
      const error = await client.list(place).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: "credentials-rejected",
        suggestion: expect.stringContaining("understudy:connection.token"),
      });
      expect(JSON.stringify([String(error), error])).not.toContain("canary-token");
    });

    it("tells which verb on which resource in which namespace is not permitted", async () => {
      const message = 'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments"';
      expect(await patchRefused(status(403, "Forbidden", message))).toMatchObject({
        code: "forbidden",
        message: expect.stringContaining("May not patch deployments.apps 'web' in namespace 'shop'"),
        suggestion: expect.stringMatching(
          /verb patch on deployments\.apps.*can-i patch deployments\.apps -n shop/,
        ),
      });
    });

    it.each([
      [
        "quota-exceeded",
        403,
        "Forbidden",
        "pods is forbidden: exceeded quota: small, requested: pods=1, used: pods=2",
      ],
      [
        "admission-refused",
        403,
        "Forbidden",
        'pods is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot',
      ],
      [
        "admission-refused",
        400,
        "BadRequest",
        'admission webhook "guard.example.com" denied the request: no :latest',
      ],
      [
        "admission-refused",
        422,
        "Invalid",
        "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      ],
    ])("tells %s from what else may be refused with %d", async (code, http, reason, message) => {
      expect(await patchRefused(status(http, reason, message))).toMatchObject({
        code,
        message: expect.stringContaining(message),
        suggestion: expect.any(String),
      });
    });

    it("tells who holds the fields of a conflict", async () => {
      const cause = (field: string) => ({
        reason: "FieldManagerConflict",
        message: 'conflict with "kubectl" using apps/v1',
        field,
      });
      const details = { causes: [cause(".spec.replicas"), cause(".spec.paused")] };
      expect(await patchRefused(status(409, "Conflict", "Apply failed", details))).toMatchObject({
        code: "field-conflict",
        conflicts: [{ manager: "kubectl", fields: [".spec.replicas", ".spec.paused"] }],
        message: expect.stringContaining("kubectl holds .spec.replicas, .spec.paused"),
      });
    });

    it("tells what is invalid, field by field", async () => {
      const details = {
        causes: [
          {
            reason: "FieldValueInvalid",
            message: "Invalid value: -1: must not be negative",
            field: "spec.replicas",
          },
          { reason: "FieldValueRequired", message: "Required value", field: "spec.template" },
        ],
      };
      expect(await patchRefused(status(422, "Invalid", "it is invalid", details))).toMatchObject({
        code: "invalid",
        problems: [
          { path: "spec.replicas", message: expect.stringContaining("negative") },
          { path: "spec.template", message: "Required value" },
        ],
      });
    });

    it("doesn't quote what a secret holds", async () => {
      answering(
        "PATCH",
        "/api/v1/namespaces/shop/secrets/s",
        status(422, "Invalid", "bad value canary-value-1"),
      );
      const secret = { ...configMap("s", ""), kind: "Secret", stringData: { KEY: "canary-value-1" } };
      const error = await client.apply(secret, manager).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "invalid", message: expect.stringContaining("***") });
      expect(String(error)).not.toContain("canary-value-1");
    });

    it("tells of a namespace that isn't there", async () => {
      answering("POST", configMaps, status(404, "NotFound", 'namespaces "shop" not found'));
      const failed = client.create(configMap("a", ""));
      await expect(failed).rejects.toBeInstanceOf(NotFoundError);
      await expect(failed).rejects.toMatchObject({ code: "no-such-namespace", path: "shop" });
    });

    it("tells of a version that the server no longer has, of a kind that nobody brought, and of a slip", async () => {
      const old = client.get({ apiVersion: "batch/v1beta1", kind: "CronJob", namespace: "shop", name: "a" });
      await expect(old).rejects.toBeInstanceOf(UnsupportedError);
      await expect(old).rejects.toThrow("no kind CronJob of batch/v1beta1. It has CronJob of batch/v1.");
      const missing = client.get({
        apiVersion: "postgresql.cnpg.io/v1",
        kind: "Cluster",
        namespace: "a",
        name: "b",
      });
      await expect(missing).rejects.toMatchObject({
        code: "unknown-kind",
        suggestion: expect.stringContaining("CustomResourceDefinitions"),
      });
      const slip = client.get({ apiVersion: "apps/v1", kind: "Deploymnet", namespace: "a", name: "b" });
      await expect(slip).rejects.toMatchObject({ suggestion: "Did you mean Deployment?" });
    });
  });

  describe("watch", () => {
    const event = (type: string, object: KubernetesObject) => ({ type, object });
    const list = (resourceVersion: string, ...items: readonly KubernetesObject[]): Answer => ({
      json: { metadata: { resourceVersion }, items },
    });

    /** Reads events as `TYPE name@version` until there are as many. */
    async function events(count: number): Promise<readonly string[]> {
      const found: string[] = [];
      for await (const { type, object } of client.watch(place)) {
        found.push(`${type} ${object.metadata.name}@${object.metadata.resourceVersion}`);
        if (found.length === count) break;
      }
      return found;
    }

    it("goes on where it was after the stream has ended, or was torn", async () => {
      const streams: Answer[] = [
        { lines: [event("MODIFIED", configMap("a", "2"))], ending: "end" },
        {
          lines: [event("BOOKMARK", configMap("", "8")), event("ADDED", configMap("b", "9"))],
          ending: "tear",
        },
        { lines: [event("DELETED", configMap("a", "10"))], ending: "stay" },
      ];
      const from: (string | undefined)[] = [];
      server.script = ({ path, query }) => {
        if (path !== configMaps) return undefined;
        if (query.watch !== "true") return list("1", configMap("a", "1"));
        from.push(query.resourceVersion);
        return streams[from.length - 1];
      };
      expect(await events(4)).toEqual(["ADDED a@1", "MODIFIED a@2", "ADDED b@9", "DELETED a@10"]);
      expect(from).toEqual(["1", "2", "9"]);
    });

    it("lists again when what came between is gone, and tells the difference", async () => {
      const gone = { type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } };
      const lists = [
        list("1", configMap("a", "1"), configMap("b", "1")),
        list("20", configMap("b", "15"), configMap("c", "20")),
      ];
      let listed = 0;
      server.script = ({ path, query }) => {
        if (path !== configMaps) return undefined;
        if (query.watch !== "true") return lists[listed++];
        return listed === 1 ? { lines: [gone], ending: "end" } : { lines: [], ending: "stay" };
      };
      expect(await events(5)).toEqual([
        "ADDED a@1",
        "ADDED b@1",
        "DELETED a@1",
        "MODIFIED b@15",
        "ADDED c@20",
      ]);
    });

    it("lists again when the server refuses to go on with 410", async () => {
      let listed = 0;
      server.script = ({ path, query }) => {
        if (path !== configMaps) return undefined;
        if (query.watch !== "true") return list("1", configMap("a", String(++listed)));
        return listed === 1 ? status(410, "Expired", "too old") : { lines: [], ending: "stay" };
      };
      expect(await events(2)).toEqual(["ADDED a@1", "MODIFIED a@2"]);
    });

    it("ends at its time, with the caller's reason, and with an error that no retry mends", async () => {
      answering("GET", configMaps, list("1"), { lines: [], ending: "stay" });
      const all = async (options: { readonly signal?: AbortSignal; readonly timeoutMs?: number }) => {
        for await (const _ of client.watch(place, options)) throw new Error("there is nothing to tell");
      };
      await all({ timeoutMs: 200 });
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error("enough")), 100);
      await expect(all({ signal: abort.signal })).rejects.toThrow("enough");
      server.script = () => status(403, "Forbidden", "no");
      await expect(all({})).rejects.toMatchObject({ code: "forbidden" });
    });
  });
});
