import { tmpdir } from "node:os";
import { join } from "node:path";
import { endCluster } from "./cluster/cluster.ts";
import { clusterVariables } from "./cluster.ts";

/** For a whole run of vitest: names the folder of the cluster that its files share, and ends it in the end if one was started. */
export function setup(): (() => Promise<void>) | undefined {
  // Someone keeps a cluster of their own up for many runs.
  if (process.env[clusterVariables.root] !== undefined) return undefined;
  const root = join(tmpdir(), `understudy-cluster-${process.pid}`);
  process.env[clusterVariables.root] = root;
  process.env[clusterVariables.owner] = String(process.pid);
  return async () => {
    await endCluster(root);
  };
}
