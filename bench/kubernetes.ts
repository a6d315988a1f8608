import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UnderstudyError } from "../src/base/errors.ts";
import { run } from "../src/base/run.ts";
import { openCluster, type TestCluster } from "../test/kubernetes/cluster.ts";
import { type Figures, figure } from "./figure.ts";

/** Of each of three kinds. */
const each = 100;
const runs = 3;
const modules = fileURLToPath(new URL("../node_modules", import.meta.url));
const child = fileURLToPath(new URL("./kubernetes-child.ts", import.meta.url));

interface BenchObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
}

/** What both sides apply: no pod comes of it, so that the API alone is measured. */
function objects(namespace: string): readonly BenchObject[] {
  const metadata = (name: string) => ({ name, namespace });
  return Array.from({ length: each }, (_, index) => {
    const labels = { app: `app-${index}` };
    const container = { name: "web", image: "registry.test/web:1", ports: [{ containerPort: 8080 }] };
    return [
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: metadata(`config-${index}`),
        data: { COLOR: "green" },
      },
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: metadata(`web-${index}`),
        // Without a selector nobody waits for endpoints.
        spec: { ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }] },
      },
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: metadata(`web-${index}`),
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [container] } },
        },
      },
    ];
  }).flat();
}

const program = `import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
const { kubeconfig, objects } = JSON.parse(readFileSync(new URL("objects.json", import.meta.url), "utf8"));
class Provider extends pulumi.ProviderResource {
  constructor() {
    super("kubernetes", "cluster", { kubeconfig });
  }
}
class KubernetesObject extends pulumi.CustomResource {
  constructor(object, provider) {
    const [group, version] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["core", object.apiVersion];
    super("kubernetes:" + group + "/" + version + ":" + object.kind, object.kind + "-" + object.metadata.name, object, { provider });
  }
}
const provider = new Provider();
for (const object of objects) new KubernetesObject(object, provider);
`;

interface ChildResult {
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly rssMb: number;
}

/** A program that applies the objects to a namespace. */
async function writeProgram(folder: string, kubeconfig: string, namespace: string): Promise<void> {
  await writeFile(
    join(folder, "Pulumi.yaml"),
    "name: bench\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.mjs\n",
  );
  await writeFile(join(folder, "index.mjs"), program);
  const input = JSON.stringify({ kubeconfig, objects: objects(namespace) });
  await writeFile(join(folder, "objects.json"), input, { mode: 0o600 });
  await symlink(modules, join(folder, "node_modules"));
}

async function up(folder: string, step: string): Promise<ChildResult> {
  const { stdout } = await run(process.execPath, [child, folder], { env: { PULUMI_BACKEND_URL: "" } });
  const result = JSON.parse(stdout) as ChildResult;
  // With them, the stack itself and the provider.
  if (result.counts[step] === 3 * each + 2) return result;
  throw new UnderstudyError(
    `The run had ${JSON.stringify(result.counts)}, not ${3 * each + 2} resources to ${step}.`,
    { code: "bench-wrong" },
  );
}

async function applySeconds(cluster: TestCluster, namespace: string): Promise<number> {
  const list = { apiVersion: "v1", kind: "List", items: objects(namespace) };
  const startedAt = performance.now();
  await cluster.kubectl(["apply", "--server-side", "-f", "-"], list);
  return (performance.now() - startedAt) / 1000;
}

interface Round {
  readonly engine: number;
  readonly kubectl: number;
  readonly engineAgain: number;
  readonly kubectlAgain: number;
  readonly rssMb: number;
}

async function measure(cluster: TestCluster, index: number): Promise<Round> {
  const [ours, theirs] = [`bench-engine-${index}`, `bench-kubectl-${index}`];
  const folder = await mkdtemp(join(tmpdir(), "understudy-bench-"));
  try {
    for (const name of [ours, theirs]) await cluster.kubectl(["create", "namespace", name]);
    await writeProgram(folder, cluster.kubeconfig, ours);
    const kubectl = await applySeconds(cluster, theirs);
    const first = await up(folder, "create");
    const kubectlAgain = await applySeconds(cluster, theirs);
    const second = await up(folder, "same");
    return {
      engine: first.seconds,
      kubectl,
      engineAgain: second.seconds,
      kubectlAgain,
      rssMb: Math.max(first.rssMb, second.rssMb),
    };
  } finally {
    await cluster.kubectl(["delete", "namespace", ours, theirs, "--ignore-not-found"]);
    await rm(folder, { recursive: true, force: true });
  }
}

function against(ours: readonly number[], theirs: readonly number[]): Figures[string] {
  const { median, p95 } = figure(theirs, "s");
  return { ...figure(ours, "s"), rival: { name: "kubectl apply --server-side", median, p95 } };
}

/** The same 300 objects by the offline engine and by kubectl; nothing where there can be no cluster, which is said. */
export async function benchKubernetes(): Promise<Figures> {
  const cluster = await openCluster();
  if ("skip" in cluster) {
    process.stderr.write(`skipped: ${cluster.skip}\n`);
    return {};
  }
  try {
    const rounds: Round[] = [];
    for (let index = 0; index < runs; index++) rounds.push(await measure(cluster, index));
    return {
      kubernetesApply300: against(
        rounds.map((round) => round.engine),
        rounds.map((round) => round.kubectl),
      ),
      kubernetesNoChange300: against(
        rounds.map((round) => round.engineAgain),
        rounds.map((round) => round.kubectlAgain),
      ),
      kubernetesEngineMemory: figure(
        rounds.map((round) => round.rssMb),
        "MB",
      ),
    };
  } finally {
    await cluster.close();
  }
}
