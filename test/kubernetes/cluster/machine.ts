import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** Folder of the plugins that give pods their network, as Debian's package has it. */
export const cniPlugins = "/usr/lib/cni";

/** What the cluster is made of besides what is built, and Debian's package of each. */
const programs: Readonly<Record<string, string>> = {
  etcd: "etcd-server",
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  iptables: "iptables",
  conntrack: "conntrack",
  unshare: "util-linux",
  ip: "iproute2",
  mount: "mount",
};

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Path of a program: on PATH, or where a system keeps those of its administrator. */
export async function findProgram(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/go/bin", "/usr/sbin", "/sbin"];
  for (const folder of folders) {
    const path = join(folder, name);
    if (folder !== "" && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Why this machine can't build what is missing in the cache; undefined when it can. */
export async function whyNotBuild(): Promise<string | undefined> {
  if ((await findProgram("go")) !== undefined) return undefined;
  return "there is no Go toolchain to build Kubernetes with (Debian's package golang, 1.24 or later, or go.dev)";
}

/** Why this machine can't run a cluster; undefined when it can. */
export async function whyNotRun(): Promise<string | undefined> {
  if (process.platform !== "linux")
    return `a cluster needs Linux, this is ${process.platform}; set KUBECONFIG to use a cluster elsewhere`;
  if (process.getuid?.() !== 0) return "a cluster needs root; set KUBECONFIG to use a cluster elsewhere";
  const missing = new Set<string>();
  for (const [program, packageName] of Object.entries(programs)) {
    if ((await findProgram(program)) === undefined) missing.add(packageName);
  }
  if (!(await isExecutable(join(cniPlugins, "ptp")))) missing.add("containernetworking-plugins");
  if (missing.size === 0) return undefined;
  return `the machine lacks ${[...missing].sort().join(", ")}: run script/bootstrap kubernetes`;
}
