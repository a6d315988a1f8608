import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { builtBinaries } from "./cluster/binaries.ts";
import { endCluster, startCluster } from "./cluster/cluster.ts";
import { findProgram, whyNotBuild, whyNotRun } from "./cluster/machine.ts";
import type { RunningCluster } from "./cluster/record.ts";
import type { Image } from "./images/image.ts";
import type { StockImages } from "./images/stock.ts";
import { ImageStore } from "./images/store.ts";

/** Set for all test files of one run: where their common cluster stands, and whose run it is. */
export const clusterVariables = { root: "UNDERSTUDY_TEST_CLUSTER", owner: "UNDERSTUDY_TEST_OWNER" } as const;

/** What one cluster of this machine has that a cluster elsewhere has not. */
export interface OwnCluster {
  /** The machine's own address as pods see it. */
  readonly host: string;
  /** Where the controllers of Ingresses and of Routes take requests. */
  readonly ingress: { readonly address: string; readonly port: number };
  readonly routes: { readonly address: string; readonly port: number };
  /** Command of the builder `command`: what it builds, the node has. */
  readonly imageCommand: readonly string[];
  /** Of PostgreSQL, Redis and nginx, which the node has. */
  readonly images: StockImages;
  readonly ingressClass: string;
  /** Gives the node an image; the reference by digest comes back. */
  addImage(image: Image): Promise<string>;
}

/** A cluster for tests. */
export interface TestCluster {
  /** The file's path, and its text. */
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  readonly url: string;
  /** Of an administrator. */
  readonly token: string;
  /** PEM. */
  readonly ca: string;
  /** Undefined where KUBECONFIG named the cluster. */
  readonly own: OwnCluster | undefined;
  /** Runs kubectl and gives what it printed. Throws when it fails. */
  kubectl(args: readonly string[], input?: object): Promise<string>;
  /** Ends the cluster, unless other test files share it. */
  close(): Promise<void>;
}

/** Why there is no cluster. */
export interface NoCluster {
  readonly skip: string;
}

/** Why no cluster can be started here; undefined when one can, or KUBECONFIG names one. */
export async function whyNoCluster(): Promise<string | undefined> {
  if (process.env.KUBECONFIG !== undefined) {
    return (await findProgram("kubectl")) === undefined
      ? "KUBECONFIG is set, but there is no kubectl"
      : undefined;
  }
  const reason = await whyNotRun();
  if (reason !== undefined) return `no Kubernetes: ${reason}`;
  if ((await builtBinaries()) !== undefined) return undefined;
  const noBuild = await whyNotBuild();
  return noBuild === undefined
    ? "no Kubernetes: it is not built yet; script/kubernetes build does it once, in some 12 minutes"
    : `no Kubernetes: ${noBuild}`;
}

/** Opens the cluster of this run: the one that KUBECONFIG names, else one of this machine, which the run's first file starts. */
export async function openCluster(): Promise<TestCluster | NoCluster> {
  const skip = await whyNoCluster();
  if (skip !== undefined) return { skip };
  if (process.env.KUBECONFIG !== undefined) return await openExternal();
  const shared = process.env[clusterVariables.root];
  const root = shared ?? (await mkdtemp(join(tmpdir(), "understudy-cluster-")));
  const owner = Number(process.env[clusterVariables.owner] ?? process.pid);
  const running = await startCluster({ root, owner, say: () => {} });
  return await opened(running, async () => {
    if (shared === undefined) await endCluster(root);
  });
}

async function opened(running: RunningCluster, close: () => Promise<void>): Promise<TestCluster> {
  const store = new ImageStore(running.containerdSocket);
  return {
    kubeconfigPath: running.kubeconfig,
    kubeconfig: await readFile(running.kubeconfig, "utf8"),
    url: running.url,
    token: running.token,
    ca: running.ca,
    own: {
      host: running.host,
      ingress: running.ingress,
      routes: running.routes,
      imageCommand: running.builder,
      images: running.images,
      ingressClass: running.ingressClass,
      addImage: (image) => store.add(image),
    },
    kubectl: kubectlWith(running.kubectl, running.kubeconfig),
    close,
  };
}

function kubectlWith(kubectl: string, kubeconfig: string): TestCluster["kubectl"] {
  return async (args, input) => {
    const options = input === undefined ? { stdin: "ignore" as const } : { input: JSON.stringify(input) };
    const result = await execa(kubectl, ["--kubeconfig", kubeconfig, ...args], { ...options, reject: false });
    if (result.exitCode === 0) return result.stdout;
    throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
  };
}

async function openExternal(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-kubeconfig-"));
  const path = join(folder, "kubeconfig");
  const program = (await findProgram("kubectl")) ?? "kubectl";
  // One cluster, one user, no files beside it.
  const { stdout: kubeconfig } = await execa(program, ["config", "view", "--minify", "--flatten", "--raw"]);
  await writeFile(path, kubeconfig, { mode: 0o600 });
  const { clusters } = parse(kubeconfig);
  const { server, "certificate-authority-data": ca = "" } = clusters[0].cluster;
  const kubectl = kubectlWith(program, path);
  const account = `understudy-test-${process.pid}`;
  await kubectl(["create", "namespace", account]);
  await kubectl(["create", "serviceaccount", "admin", "-n", account]);
  await kubectl([
    "create",
    "clusterrolebinding",
    account,
    "--clusterrole=cluster-admin",
    `--serviceaccount=${account}:admin`,
  ]);
  return {
    kubeconfigPath: path,
    kubeconfig,
    url: server,
    token: (await kubectl(["create", "token", "admin", "-n", account, "--duration=4h"])).trim(),
    ca: Buffer.from(ca, "base64").toString(),
    own: undefined,
    kubectl,
    close: async () => {
      await kubectl(["delete", "clusterrolebinding", account, "--ignore-not-found"]);
      await kubectl(["delete", "namespace", account, "--ignore-not-found", "--wait=false"]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
