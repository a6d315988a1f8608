import { it } from "vitest";
import { type OwnCluster, openCluster, type TestCluster, whyNoCluster } from "./cluster.ts";

/** Defines tests that need a cluster; where there can be none, one test in their place is skipped and says why. */
export async function withCluster(title: string, define: () => void): Promise<void> {
  const reason = await whyNoCluster();
  if (reason === undefined) define();
  else it(title, ({ skip }) => skip(reason));
}

/** The same for tests that need a cluster of this machine: images go straight into its node, and its pods reach this machine. */
export async function withOwnCluster(title: string, define: () => void): Promise<void> {
  if (process.env.KUBECONFIG === undefined) return await withCluster(title, define);
  it(title, ({ skip }) => skip("KUBECONFIG names a cluster that takes images from a registry only"));
}

/** Opens the cluster of this run. For hooks of suites that {@link withCluster} defines. */
export async function clusterOfRun(): Promise<TestCluster> {
  const cluster = await openCluster();
  if ("skip" in cluster) throw new Error(cluster.skip);
  return cluster;
}

/** The same for {@link withOwnCluster}. */
export async function ownClusterOfRun(): Promise<TestCluster & { readonly own: OwnCluster }> {
  const cluster = await clusterOfRun();
  const { own } = cluster;
  if (own === undefined) throw new Error("This cluster is not of this machine.");
  return { ...cluster, own };
}
