import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KubernetesClient } from "../../providers/kubernetes/client/client.ts";
import type { KubernetesObject } from "../../providers/kubernetes/client/object.ts";
import type { App, AppInput } from "../../src/app/schema.ts";
import { InputError, messageOf } from "../../src/base/errors.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import { importFolder } from "../../src/import/folder.ts";
import type { Artifact, InputValue, Rendered } from "../../src/platform/contract.ts";
import { at, everything, onKubernetes, onOpenShift } from "../providers/kubernetes/sites.ts";
import { temporaryFolder } from "../support/folder.ts";
import { eventually } from "../support/process.ts";
import type { TestCluster } from "./cluster.ts";
import { routeDefinition } from "./route-crd.ts";
import { clusterOfRun, withCluster } from "./suite.ts";

/** Configuration files of real public apps; not part of the project. */
const corpus =
  process.env.UNDERSTUDY_CORPUS ?? fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
const folders = existsSync(corpus)
  ? readdirSync(corpus, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  : [];

const platforms = [
  ["Kubernetes", onKubernetes],
  ["OpenShift", onOpenShift],
] as const;

/** What stands in for values that are known only when a program runs. */
function filledIn(value: InputValue): Json {
  if (Array.isArray(value)) return value.map((item: InputValue) => filledIn(item));
  if (!isJsonObject(value)) return value as Json;
  if ("$secret" in value) return "a secret";
  if ("$output" in value)
    return at(value, "$output", "resource") === "image" ? "example.com/app@sha256:00" : "1";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledIn(item)]));
}

function objectsOf({ resources }: Rendered): readonly KubernetesObject[] {
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => filledIn(inputs) as KubernetesObject);
}

/** The pods that a workload would make: Pod Security judges them, and only warns of the workload. */
function podOf(object: KubernetesObject): KubernetesObject | undefined {
  const template = at(object, "spec", "template") ?? at(object, "spec", "jobTemplate", "spec", "template");
  if (!isJsonObject(template)) return undefined;
  const { namespace = "", name } = object.metadata;
  const { metadata, spec } = template as { readonly metadata: object; readonly spec: Record<string, Json> };
  const claims = (at(object, "spec", "volumeClaimTemplates") ?? []) as readonly Json[];
  const volumes = claims.map((claim) => ({
    name: at(claim, "metadata", "name"),
    persistentVolumeClaim: { claimName: "none" },
  }));
  const own = (spec.volumes ?? []) as readonly Json[];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, name, namespace },
    // In a dry run the account of the site's own is never made.
    spec: { ...spec, serviceAccountName: "default", volumes: [...own, ...volumes] },
  } as unknown as KubernetesObject;
}

async function written(artifacts: readonly Artifact[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const { path, content } of artifacts) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** Runs all, a few at a time. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

await withCluster("what is rendered, on a real API server", () => {
  describe("what is rendered, on a real API server", () => {
    const namespace = `render-${process.pid}`;
    const settings = { namespace, createNamespace: false };
    let cluster: TestCluster;
    let client: KubernetesClient;

    beforeAll(async () => {
      cluster = await clusterOfRun();
      client = new KubernetesClient({ kubeconfig: cluster.kubeconfig });
      const definition = routeDefinition as unknown as KubernetesObject;
      await client.apply(definition, { fieldManager: "understudy-test", force: true });
      const routes = { apiVersion: "route.openshift.io/v1", kind: "Route" };
      const areServed = () =>
        client.list(routes).then(
          () => true,
          () => false,
        );
      await eventually("the API server has Routes", areServed, 120_000);
      const labels = Object.fromEntries(
        ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
      );
      const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
      await client.apply(object, { fieldManager: "understudy-test" });
      // Without it every pod is refused before anything else is judged.
      const account = ["-n", namespace, "--for=create", "serviceaccount/default", "--timeout=120s"];
      await cluster.kubectl(["wait", ...account]);
    });

    afterAll(async () => {
      await client?.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
      await cluster?.close();
    });

    /** What the server says against an object; nothing is made. */
    async function objections(object: KubernetesObject): Promise<readonly string[]> {
      const said: string[] = [];
      try {
        await client.apply(object, {
          fieldManager: "understudy-test",
          dryRun: true,
          onWarning: (warning) => said.push(warning),
        });
      } catch (error) {
        said.push(messageOf(error));
      }
      return said.map((text) => `${object.kind} ${object.metadata.name}: ${text}`);
    }

    async function allObjections(rendered: Rendered): Promise<readonly string[]> {
      const said: string[] = [];
      await each(objectsOf(rendered), async (object) => {
        said.push(...(await objections(object)));
        const pod = podOf(object);
        if (pod !== undefined) said.push(...(await objections(pod)));
      });
      return said;
    }

    it("is objected to where it is wrong", async () => {
      const [web] = objectsOf(onKubernetes(everything, { settings })).filter(
        ({ kind, metadata }) => kind === "Deployment" && metadata.name === "everything-web",
      );
      if (web === undefined) throw new Error("There is no Deployment of web.");
      const typo = { ...web, spec: { ...(web.spec as object), replica: 2 } } as KubernetesObject;
      expect(await objections(typo)).toEqual([expect.stringContaining("spec.replica")]);
      const pod = podOf(web) as KubernetesObject;
      const rootful = { ...(pod.spec as object), securityContext: {} } as Json;
      expect(await objections({ ...pod, spec: rootful } as KubernetesObject)).toEqual([
        expect.stringContaining("restricted"),
      ]);
    });

    describe.each(platforms)("for %s", (title, render) => {
      const variants: readonly (readonly [string, AppInput, object])[] = [
        ["everything", everything, {}],
        ["an image of its own", { name: "image", source: { image: "nginx:1" }, processes: { web: {} } }, {}],
        ["a load balancer", everything, { exposure: { kind: "service" }, ingressNamespaces: ["ingress"] }],
        ["exposed trials", everything, { services: { database: { from: "trial", exposed: true } } }],
        ["nothing", { name: "nothing" }, {}],
      ];
      it.each(variants)("%s is taken, and its pods are `restricted`", async (_name, app, more) => {
        for (const role of ["active", "standby"] as const) {
          const rendered = render(app, { role, settings: { ...settings, ...more } });
          expect(await allObjections(rendered)).toEqual([]);
        }
      });

      it("every file passes kubectl apply --server-side --dry-run=server by itself", async () => {
        const rendered = render(everything, { settings });
        const folder = await written(rendered.artifacts);
        const files = rendered.artifacts
          .map(({ path }) => path)
          .filter((path) => /^(?!kustomization|drains).*\.yaml$/.test(path));
        expect(files.length).toBeGreaterThan(20);
        const args = files.flatMap((path) => ["-f", join(folder, path)]);
        const printed = await cluster.kubectl(["apply", "--server-side", "--dry-run=server", ...args]);
        expect(printed.trim().split("\n")).toHaveLength(files.length);
      });

      it("the whole folder is applied by kubectl apply -k, once the owner has filled in the secrets", async () => {
        const own = `${namespace}-${title.toLowerCase()}`;
        const rendered = render(everything, { settings: { namespace: own, createNamespace: true } });
        const folder = await written(rendered.artifacts);
        for (const { path, content } of rendered.artifacts) {
          if (!path.endsWith(".env.example")) continue;
          await writeFile(join(folder, path.replace(/\.example$/, "")), content.replaceAll("=\n", "=x\n"));
        }
        try {
          await cluster.kubectl(["apply", "--server-side", "-k", folder]);
          const secret = await client.get({
            apiVersion: "v1",
            kind: "Secret",
            namespace: own,
            name: "everything-env",
          });
          expect(Object.keys(secret?.data ?? {})).toEqual(["AMQP_URL", "MAIL_KEY", "SESSION_KEY"]);
          // Again, and with another value: nothing that was applied is in the way.
          const config = await readFile(join(folder, "config.yaml"), "utf8");
          await writeFile(join(folder, "config.yaml"), config.replace("green", "blue"));
          await cluster.kubectl(["apply", "--server-side", "-k", folder]);
        } finally {
          await cluster.kubectl(["delete", "namespace", own, "--wait=false", "--ignore-not-found"]);
        }
      }, 180_000);

      it.skipIf(folders.length === 0)(
        "every real app is taken, and its pods are `restricted` (skipped where their files are not there: see UNDERSTUDY_CORPUS)",
        async () => {
          const refused: string[] = [];
          let count = 0;
          for (const folder of folders) {
            const app = await imported(join(corpus, folder));
            if (app === undefined) continue;
            count += 1;
            const said = await allObjections(render(app, { settings }));
            refused.push(...said.map((text) => `${folder}: ${text}`));
          }
          expect(refused).toEqual([]);
          expect(count).toBeGreaterThan(0);
        },
        300_000,
      );
    });
  });
});

/** The app of a folder; undefined when its files are refused. */
async function imported(folder: string): Promise<App | undefined> {
  try {
    return (await importFolder(folder)).app;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
