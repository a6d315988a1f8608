import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** Where one cluster keeps everything that it has. */
export interface ClusterFolder {
  readonly root: string;
  readonly record: string;
  readonly kubeconfig: string;
  readonly logs: string;
  /** What is told to PID 1, and what it tells. */
  readonly boot: string;
  readonly containerd: string;
  readonly containerdSocket: string;
  readonly keys: string;
  /** Inputs of the components: configuration files. */
  readonly config: string;
  readonly data: string;
}

/** Names of all that lies in a cluster's folder. */
export function clusterFolder(root: string): ClusterFolder {
  return {
    root,
    record: join(root, "cluster.json"),
    kubeconfig: join(root, "kubeconfig"),
    logs: join(root, "logs"),
    boot: join(root, "boot"),
    containerd: join(root, "containerd"),
    containerdSocket: join(root, "containerd.sock"),
    keys: join(root, "keys"),
    config: join(root, "config"),
    data: join(root, "data"),
  };
}

/** The cluster that `script/kubernetes up` starts when no folder is named. */
export const defaultClusterRoot = join(tmpdir(), `understudy-kubernetes-${process.getuid?.() ?? 0}`);

/** What outlives a cluster: binaries and image layers. */
export const cacheRoot = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "understudy",
  "kubernetes",
);
