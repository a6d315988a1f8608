import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../providers/kubernetes/client/client.ts";
import type { KubernetesConnection } from "../../providers/kubernetes/connection.ts";
import { kubernetes } from "../../providers/kubernetes/index.ts";
import { isTrue } from "../../providers/kubernetes/objects/ready/conditions.ts";
import type { Settings } from "../../providers/kubernetes/settings.ts";
import { NotFoundError, UnsupportedError } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { SiteControl, SiteObservation } from "../../src/platform/contract.ts";
import { type SampleArchives, sampleApp, sampleArchives, sampleSecrets } from "../contract/sample.ts";
import { DirectStack } from "../contract/stack.ts";
import type { OwnCluster, TestCluster } from "./cluster.ts";
import { ownClusterOfRun, withOwnCluster } from "./suite.ts";

await withOwnCluster("control of a site in a cluster", () => {
  describe("control of a site in a cluster", () => {
    const name = `control-${process.pid}`;
    const app = sampleApp(name, {
      processes: {
        web: { command: "node web.js", http: { health: { path: "/health" } } },
        // Names that Kubernetes would not take as they are.
        Mail_Worker: { command: "node worker.js" },
      },
      services: {
        database: { type: "postgres", env: ["DATABASE_URL"] },
        search: { type: "opensearch" },
      },
      schedule: { nightly: { command: "node release.js", cron: "0 3 * * *" } },
      secrets: { SAMPLE_TOKEN: {} },
    });
    let cluster: TestCluster & { readonly own: OwnCluster };
    let client: KubernetesClient;
    let archives: SampleArchives;
    let stack: DirectStack;
    let control: SiteControl;
    let settings: Settings;
    let connection: KubernetesConnection;

    beforeAll(async () => {
      [cluster, archives] = await Promise.all([ownClusterOfRun(), sampleArchives()]);
      const { own, kubeconfig } = cluster;
      const services = {
        database: "postgres://a:b@db.example.com:5432/shop",
        search: "https://search.example.com",
      };
      connection = kubernetes.connection.parse({ kubeconfig, services });
      settings = kubernetes.settings.parse({
        exposure: { kind: "ingress", className: own.ingressClass },
        entrance: { ...own.ingress, tls: false },
        image: { registry: "registry.test/control", builder: "command", command: [...own.imageCommand] },
        services: { database: { from: "external" } },
        maintenanceImage: own.images.maintenance,
        maintenanceWarm: false,
        drainSeconds: 0,
      });
      client = new KubernetesClient({ kubeconfig });
      stack = new DirectStack(kubernetes, connection, sampleSecrets);
      const site = { name: "site", role: "active" as const, settings, archive: archives.good };
      await stack.up(kubernetes.render(app, site));
      control = kubernetes.connect(connection, { name: "site", app, settings });
    });
    afterAll(async () => {
      await stack?.destroy();
      await archives?.remove();
      await cluster?.close();
    });

    /** A node that is busy takes its time to start and to end pods. */
    const patience = { timeout: 120_000, interval: 200 };
    const seen = (wanted: (observation: SiteObservation) => boolean) =>
      expect.poll(async () => wanted(await control.observe()), patience).toBe(true);
    const pods = () => client.list({ apiVersion: "v1", kind: "Pod", namespace: name });
    /** Jobs of one-off commands, and their pods with what they are doing. */
    const oneOffs = async (): Promise<readonly string[]> => {
      const jobs = await client.list({ apiVersion: "batch/v1", kind: "Job", namespace: name });
      const all = [...jobs, ...(await pods())].filter(({ metadata }) => metadata.name.includes("-run-"));
      return all.map(({ kind, status }) => (kind === "Pod" ? `Pod ${(status as JsonObject).phase}` : kind));
    };
    const webPods = async () =>
      (await pods()).filter(({ metadata }) => metadata.labels?.["understudy.dev/process"] === "web");

    it("observes processes by their own names, and what is released", async () => {
      await seen(({ processes }) => processes.web?.running === 1);
      const { processes, maintenance, release } = await control.observe();
      expect(processes).toEqual({
        web: { desired: 1, running: 1 },
        Mail_Worker: { desired: 1, running: expect.any(Number) },
      });
      expect(maintenance).toBe(false);
      expect(release).toMatch(/^revision 1, sha256:[0-9a-f]{12}$/);
    });

    it("scales as the failover plane, which the fields then belong to", async () => {
      await control.scale({ Mail_Worker: 2 });
      await seen(({ processes }) => processes.Mail_Worker?.running === 2);
      await control.scale({ Mail_Worker: 0 });
      await seen(({ processes }) => processes.Mail_Worker?.running === 0);
      const [worker] = await client.list({
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace: name,
        labelSelector: "understudy.dev/process=Mail_Worker",
      });
      const managers = (worker?.metadata.managedFields ?? []) as readonly JsonObject[];
      expect(managers.map(({ manager }) => manager)).toContain("understudy");
    });

    it("suspends and resumes the schedule, again without harm", async () => {
      const suspended = async () => {
        const jobs = await client.list({ apiVersion: "batch/v1", kind: "CronJob", namespace: name });
        return jobs.map(({ spec }) => (spec as JsonObject).suspend);
      };
      await control.schedule?.(false);
      await control.schedule?.(false);
      expect(await suspended()).toEqual([true]);
      await control.schedule?.(true);
      expect(await suspended()).toEqual([false]);
    });

    it("keeps what is secret in the Secret, and rolls pods for a change but not for none", async () => {
      const before = (await webPods()).map(({ metadata }) => metadata.uid);
      await control.setConfig({ COLOR: "red", SAMPLE_TOKEN: "new-token", SEARCH_URL: null });
      const read = async (kind: string, suffix: string) =>
        (await client.get({ apiVersion: "v1", kind, namespace: name, name: `${name}-${suffix}` }))
          ?.data as JsonObject;
      expect(await read("ConfigMap", "config")).toEqual({ COLOR: "red" });
      const secret = await read("Secret", "env");
      expect(atob(String(secret.SAMPLE_TOKEN))).toBe("new-token");
      expect(secret.SEARCH_URL).toBeUndefined();
      const rolled = async () => {
        const uids = (await webPods()).map(({ metadata }) => metadata.uid);
        return uids.length === 1 && !before.includes(uids[0]);
      };
      await expect.poll(rolled, patience).toBe(true);
      const { release } = await control.observe();
      await control.setConfig({ COLOR: "red" });
      expect((await control.observe()).release).toBe(release);
      await control.setConfig({ SEARCH_URL: "https://search.example.com" });
    });

    it("runs a command beside the pods, tells its code, and leaves no Job", async () => {
      await seen(({ processes }) => processes.web?.running === 1);
      const result = await control.run('echo "$COLOR"; echo problem >&2; exit 3');
      expect(result.exitCode).toBe(3);
      expect(result.output.split("\n").toSorted()).toEqual(["", "problem", "red"]);
      await expect.poll(oneOffs, patience).toEqual([]);
    });

    it("ends a command that nobody waits for any longer", async () => {
      const abort = new AbortController();
      const reason = new Error("enough");
      const running = control.run("sleep 600", { signal: abort.signal });
      const ended = expect(running).rejects.toBe(reason);
      const isRunning = async () => (await oneOffs()).includes("Pod Running");
      await expect.poll(isRunning, patience).toBe(true);
      abort.abort(reason);
      await ended;
      await expect.poll(oneOffs, patience).toEqual([]);
    });

    it("says why a command can't be started", async () => {
      const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "full", namespace: name } };
      await client.apply({ ...quota, spec: { hard: { pods: "0" } } }, { fieldManager: "test" });
      try {
        // A quota takes a moment to be enforced: until then the command runs.
        const failure = () => control.run("true", { timeoutMs: 120_000 }).catch((error: unknown) => error);
        await expect.poll(failure, patience).toMatchObject({
          code: "run-failed",
          message: expect.stringContaining("exceeded quota: full"),
        });
      } finally {
        await client.delete({ ...quota, name: "full", namespace: name });
      }
    });

    it("shows a page of its own in maintenance, and takes it away again", async () => {
      const page = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace: name,
        name: `${name}-maintenance`,
      };
      const { address, port } = cluster.own.ingress;
      const visit = async () => {
        const { request } = await import("node:http");
        return await new Promise<string>((resolve, reject) => {
          const headers = { host: `${name}.example.com` };
          request({ host: address, port, headers, agent: false }, (response) => {
            let text = "";
            response.setEncoding("utf8").on("data", (chunk: string) => {
              text += chunk;
            });
            response.on("end", () => resolve(`${response.statusCode} ${text}`));
          })
            .on("error", reject)
            .end();
        });
      };
      await expect.poll(visit, patience).toMatch(/^200 /);
      const began = performance.now();
      await control.maintenance(true);
      const waitedMs = performance.now() - began;
      const shown = await client.get(page);
      const isShown = shown !== undefined && isTrue(shown, "Available");
      // It waits for the page, though not for longer than ten seconds.
      expect(isShown || waitedMs > 9_900, `after ${waitedMs} ms`).toBe(true);
      await expect.poll(visit, patience).toMatch(/^503 .*<html/s);
      expect((await control.observe()).maintenance).toBe(true);
      await seen(({ processes }) => processes.web?.running === 1);
      await control.maintenance(false);
      await expect.poll(visit, patience).toMatch(/^200 /);
      expect((await control.observe()).maintenance).toBe(false);
      expect(await client.get(page)).toMatchObject({ spec: { replicas: 0 } });
    });

    it("keeps users out though there is no page", async () => {
      const page = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        namespace: name,
        name: `${name}-maintenance`,
      };
      await client.delete(page, { propagation: "Foreground" });
      await expect.poll(() => client.get(page), patience).toBeUndefined();
      await control.maintenance(true);
      expect((await control.observe()).maintenance).toBe(true);
      await control.maintenance(false);
    });

    it("tells the URLs of services where they are", async () => {
      expect(await control.serviceUrl("search")).toBe("https://search.example.com");
      // Without the connection's word: what the app was given.
      const { services: _, ...bare } = connection;
      const other = kubernetes.connect(bare, { name: "site", app, settings });
      expect(await other.serviceUrl("search")).toBe("https://search.example.com");
      await expect(control.serviceUrl("nothing")).rejects.toBeInstanceOf(NotFoundError);
    });

    it("tells the URL of a database in the cluster by an address that means something outside", async () => {
      const trial = { from: "trial", storage: "1Gi", exposed: false } as const;
      const inside = { ...settings, services: { database: trial } };
      const there = kubernetes.connect(connection, { name: "site", app, settings: inside });
      await expect(there.serviceUrl("database")).rejects.toMatchObject({ code: "no-service-url" });
      await expect(there.setConfig({ DATABASE_URL: "x" })).rejects.toBeInstanceOf(UnsupportedError);
      const object = `${name}-service-database`;
      const metadata = { name: object, namespace: name };
      const url = btoa(`postgres://app:word@${object}.${name}.svc:5432/app`);
      const manager = { fieldManager: "test" };
      await client.apply({ apiVersion: "v1", kind: "Secret", metadata, data: { url } }, manager);
      const spec = { selector: { app: "none" }, ports: [{ port: 5432 }] };
      const service = await client.apply({ apiVersion: "v1", kind: "Service", metadata, spec }, manager);
      const { clusterIP } = service.spec as JsonObject;
      expect(await there.serviceUrl("database")).toBe(`postgres://app:word@${clusterIP}:5432/app`);
      for (const kind of ["Secret", "Service"])
        await client.delete({ apiVersion: "v1", kind, name: object, namespace: name });
    });

    it("reads the logs of all pods, with the release command's", async () => {
      const lines = await control.logs(5_000);
      expect(lines.some(({ source, text }) => source.startsWith("web.") && text.includes("answering"))).toBe(
        true,
      );
      expect(
        lines.some(({ source, text }) => source.startsWith("release.") && text.includes("release phase")),
      ).toBe(true);
    });

    it("asks where the entrance's status says, when the settings don't", async () => {
      const { entrance: _, ...rest } = settings;
      const other = kubernetes.connect(connection, {
        name: "site",
        app,
        settings: kubernetes.settings.parse(rest),
      });
      await expect
        .poll(() => other.health(), patience)
        .toMatchObject({
          healthy: true,
          detail: expect.stringMatching(`GET /health of ${name}.example.com answered 200`),
        });
    });
  });
});
