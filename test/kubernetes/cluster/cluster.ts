import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { writeFileAtomic } from "../../../src/base/file.ts";
import { run } from "../../../src/base/run.ts";
import { withLock } from "../../../src/local/lock.ts";
import { ingressClass, storageClass } from "../controllers/objects.ts";
import { addStockImages, type StockImages } from "../images/stock.ts";
import { ImageStore } from "../images/store.ts";
import { type Binaries, buildBinaries } from "./binaries.ts";
import { blockAt } from "./block.ts";
import { componentsOf, ingressPort, nodeName, routesPort } from "./components.ts";
import { kubeconfigOf, writeConfig } from "./config.ts";
import { findProgram, whyNotRun } from "./machine.ts";
import { bootScript, claimBlock, endNamespaces, releaseBlock, startNamespaces } from "./namespaces.ts";
import { applyBasics } from "./objects.ts";
import { importPause } from "./pause-image.ts";
import { type ClusterFolder, clusterFolder } from "./place.ts";
import {
  type ClusterRecord,
  findCluster,
  holder,
  holdersOf,
  type RunningCluster,
  readRecord,
  writeRecord,
} from "./record.ts";

const lockMs = 300_000;

/** One process at a time starts or ends the cluster of a folder; the others wait for it. */
async function alone<T>(root: string, work: () => Promise<T>): Promise<T> {
  const end = performance.now() + lockMs;
  for (;;) {
    try {
      return await withLock(`${root}.lock`, work);
    } catch (error) {
      const isLocked = error instanceof UnderstudyError && error.code === "locked";
      if (!isLocked || performance.now() > end) throw error;
      await delay(200);
    }
  }
}

/** Ends the cluster of a folder and all that is left of one that died; false when there is none. */
export async function endCluster(root: string): Promise<boolean> {
  return await alone(root, () => end(root));
}

async function end(root: string): Promise<boolean> {
  const folder = clusterFolder(root);
  const record = await readRecord(folder);
  if (record === undefined) return false;
  await endNamespaces(folder, blockAt(record.block), holdersOf(record));
  return true;
}

export interface StartOptions {
  readonly root: string;
  /** The cluster ends with this process. */
  readonly owner?: number | undefined;
  readonly say: (line: string) => void;
}

/** Starts a cluster and settles when its node takes pods; one that is up already is given as it is. Throws `cluster-impossible`. */
export async function startCluster({ root, owner, say }: StartOptions): Promise<RunningCluster> {
  const reason = await whyNotRun();
  if (reason !== undefined)
    throw new UnderstudyError(`A cluster can't be started here: ${reason}.`, { code: "cluster-impossible" });
  const binaries = await buildBinaries(say);
  return await alone(root, async () => {
    const running = await findCluster(root);
    if (running !== undefined) return running;
    await end(root);
    await claimFolder(root);
    return await start(clusterFolder(root), binaries, owner, say);
  });
}

/** A folder with someone else's files in it is not emptied. */
async function claimFolder(root: string): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  if ((await readdir(root)).length > 0)
    throw new UnderstudyError(`The folder ${root} holds something else than a cluster.`, {
      code: "folder-in-use",
      path: root,
      suggestion: "Name an empty folder, or empty this one.",
    });
}

async function start(
  folder: ClusterFolder,
  binaries: Binaries,
  owner: number | undefined,
  say: (line: string) => void,
): Promise<RunningCluster> {
  const block = await claimBlock();
  const record = { block: block.index, processes: [] as ClusterRecord["processes"] };
  try {
    await writeRecord(folder, record);
    const { url, token } = await writeConfig(folder, block);
    const programs = { etcd: await needed("etcd"), containerd: await needed("containerd") };
    const components = componentsOf(folder, block, binaries, programs);
    const script = bootScript(components, binaries.kubectl, folder.kubeconfig);
    await writeFile(join(folder.boot, "components.sh"), script, { mode: 0o600 });
    const { guard, init } = await startNamespaces(folder, block, owner);
    record.processes.push(holder(guard), holder(init));
    await writeRecord(folder, record);
    say(`starting in ${folder.root}`);
    const images = addImages(folder.containerdSocket, binaries.pause);
    // Its failure is waited for below; until then nobody must call it unhandled.
    images.catch(() => {});
    await answers(binaries.kubectl, folder);
    const ca = await readFile(join(folder.keys, "apiserver.crt"), "utf8");
    await writeFileAtomic(folder.kubeconfig, kubeconfigOf(url, token, ca), { mode: 0o600 });
    // The server answers before it has made the namespaces of its own.
    await retried(() => applyBasics(binaries.kubectl, folder.kubeconfig, block));
    await nodeReady(binaries.kubectl, folder.kubeconfig);
    const running: RunningCluster = {
      kubeconfig: folder.kubeconfig,
      url,
      token,
      ca,
      kubectl: binaries.kubectl,
      containerdSocket: folder.containerdSocket,
      ingress: { address: block.node, port: ingressPort },
      routes: { address: block.node, port: routesPort },
      host: block.host,
      ingressClass,
      storageClass,
      builder: [process.execPath, builder, folder.containerdSocket],
      images: await images,
    };
    await writeRecord(folder, { ...record, running });
    return running;
  } catch (error) {
    const logs = await lastWords(folder);
    await endNamespaces(folder, block, holdersOf(record)).catch(() => releaseBlock(block));
    await rm(folder.root, { recursive: true, force: true });
    throw new UnderstudyError(`The cluster did not come up: ${(error as Error).message}\n${logs}`, {
      code: "cluster-stuck",
      cause: error,
    });
  }
}

async function needed(name: string): Promise<string> {
  const path = await findProgram(name);
  if (path === undefined)
    throw new UnderstudyError(`There is no command '${name}'.`, { code: "command-missing" });
  return path;
}

const builder = fileURLToPath(new URL("../image-builder.ts", import.meta.url));

/** Gives the node what its pods need, from the moment that it takes images. */
async function addImages(socket: string, pause: string): Promise<StockImages> {
  await retried(() => importPause(socket, pause));
  const store = new ImageStore(socket);
  return await addStockImages((image) => store.add(image));
}

const startLimitMs = 120_000;

/** Until it succeeds; the last failure after {@link startLimitMs}. */
async function retried(work: () => Promise<void>): Promise<void> {
  const end = performance.now() + startLimitMs;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(200);
    }
  }
}

async function answers(kubectl: string, folder: ClusterFolder): Promise<void> {
  await retried(async () => {
    await run(kubectl, ["--kubeconfig", folder.kubeconfig, "get", "--raw=/readyz"], { timeoutMs: 20_000 });
  });
}

async function nodeReady(kubectl: string, kubeconfig: string): Promise<void> {
  const ask = [
    "--kubeconfig",
    kubeconfig,
    "wait",
    "--for=condition=Ready",
    `node/${nodeName}`,
    "--timeout=60s",
  ];
  await retried(async () => {
    await run(kubectl, ask, { timeoutMs: 61_000 });
  });
  // The first pods of a namespace need it.
  await retried(async () => {
    await run(kubectl, ["--kubeconfig", kubeconfig, "get", "serviceaccount", "default"], {
      timeoutMs: 20_000,
    });
  });
}

/** The end of each component's log. */
async function lastWords(folder: ClusterFolder): Promise<string> {
  const names = await readdir(folder.logs).catch(() => []);
  const ends = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder.logs, name), "utf8");
      return `--- ${name}\n${text.trimEnd().split("\n").slice(-5).join("\n")}`;
    }),
  );
  return ends.join("\n");
}
