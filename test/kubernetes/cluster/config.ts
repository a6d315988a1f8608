import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Block } from "./block.ts";
import { apiPort, cgroupRoot } from "./components.ts";
import { cniPlugins } from "./machine.ts";
import type { ClusterFolder } from "./place.ts";

/** Reference of the image that holds a pod's namespaces. */
export const pauseImage = "understudy.local/pause:1";

function containerdConfig(folder: ClusterFolder): string {
  const quoted = (text: string) => JSON.stringify(text);
  return `version = 2
root = ${quoted(join(folder.containerd, "root"))}
state = ${quoted(join(folder.containerd, "state"))}

[grpc]
address = ${quoted(folder.containerdSocket)}

[plugins."io.containerd.internal.v1.opt"]
path = ${quoted(join(folder.containerd, "opt"))}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${quoted(pauseImage)}
# Where we lack CAP_SYS_RESOURCE, runc can't lower the score and gives up.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${quoted(cniPlugins)}
conf_dir = ${quoted(join(folder.config, "cni"))}
`;
}

/** A routed link per pod: with a bridge, answers between two pods would pass kube-proxy by where the kernel lacks br_netfilter. */
function networkConfig(folder: ClusterFolder, block: Block): string {
  return JSON.stringify({
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "ptp",
        ipam: {
          type: "host-local",
          dataDir: join(folder.data, "addresses"),
          ranges: [[{ subnet: block.pods }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

function kubeletConfig(folder: ClusterFolder, block: Block): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: block.node,
    healthzBindAddress: "127.0.0.1",
    // Only this machine has a way to the node.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    cgroupDriver: "cgroupfs",
    cgroupRoot: cgroupRoot(block),
    enforceNodeAllocatable: [],
    cgroupsPerQOS: true,
    clusterDNS: [block.dns],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: `unix://${folder.containerdSocket}`,
    failSwapOn: false,
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    podLogsDir: join(folder.data, "pod-logs"),
    // What the API says of a pod is to be true within a moment.
    syncFrequency: "10s",
    resolvConf: join(folder.config, "resolv.conf"),
    shutdownGracePeriod: "0s",
    protectKernelDefaults: false,
    makeIPTablesUtilChains: true,
    serializeImagePulls: false,
  });
}

const corefile = (folder: ClusterFolder): string => `.:53 {
  errors
  kubernetes cluster.local {
    kubeconfig ${folder.kubeconfig}
  }
  cache 5
}
`;

/** For people and programs alike; `ca` only once the server has made it. */
export function kubeconfigOf(server: string, token: string, ca?: string): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "understudy",
    clusters: [
      {
        name: "understudy",
        cluster: {
          server,
          ...(ca === undefined
            ? { "insecure-skip-tls-verify": true }
            : { "certificate-authority-data": Buffer.from(ca).toString("base64") }),
        },
      },
    ],
    users: [{ name: "admin", user: { token } }],
    contexts: [
      { name: "understudy", context: { cluster: "understudy", user: "admin", namespace: "default" } },
    ],
  });
}

/** What a client needs, before the server has made its certificate. */
export interface Access {
  readonly url: string;
  readonly token: string;
}

/** Writes all that the components read. */
export async function writeConfig(folder: ClusterFolder, block: Block): Promise<Access> {
  for (const place of [
    folder.keys,
    folder.config,
    folder.logs,
    folder.boot,
    folder.data,
    join(folder.config, "cni"),
  ])
    await mkdir(place, { recursive: true, mode: 0o700 });
  const token = randomBytes(24).toString("hex");
  const url = `https://${block.node}:${apiPort}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const secret = { mode: 0o600 };
  const write = (name: string, text: string) => writeFile(join(folder.config, name), text);
  await Promise.all([
    writeFile(
      join(folder.keys, "service-account.pem"),
      privateKey.export({ type: "pkcs1", format: "pem" }),
      secret,
    ),
    writeFile(join(folder.keys, "tokens.csv"), `${token},admin,admin,system:masters\n`, secret),
    writeFile(folder.kubeconfig, kubeconfigOf(url, token), secret),
    write("containerd.toml", containerdConfig(folder)),
    write("cni/10-pods.conflist", networkConfig(folder, block)),
    write("kubelet.yaml", kubeletConfig(folder, block)),
    write("Corefile", corefile(folder)),
    write("resolv.conf", `nameserver ${block.node}\n`),
  ]);
  return { url, token };
}
