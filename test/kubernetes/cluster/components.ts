import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Binaries } from "./binaries.ts";
import type { Block } from "./block.ts";
import type { ClusterFolder } from "./place.ts";

/** One daemon of the cluster. */
export interface Component {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Started only once the API server answers. @default false */
  readonly needsApi?: boolean;
}

/** Name of the one node. */
export const nodeName = "understudy";
/** Where the API server listens, on the node's address. */
export const apiPort = 6443;
/** Where the controllers of Ingresses and of OpenShift's Routes listen, on the node's address. */
export const ingressPort = 80;
export const routesPort = 8080;
/** All cgroups of the cluster's pods are below it. */
export const cgroupRoot = (block: Block): string => `/understudy-kubernetes-${block.index}`;

/** What the machine itself has. */
export interface Programs {
  readonly etcd: string;
  readonly containerd: string;
}

/** Every daemon with its command line: the one place that says how the cluster is made up. */
export function componentsOf(
  folder: ClusterFolder,
  block: Block,
  binaries: Binaries,
  programs: Programs,
): readonly Component[] {
  const config = (name: string) => join(folder.config, name);
  const key = (name: string) => join(folder.keys, name);
  const { kubeconfig } = folder;
  return [
    {
      name: "etcd",
      command: programs.etcd,
      args: [
        `--data-dir=${join(folder.data, "etcd")}`,
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        // Nothing here is to outlive a crash of the machine.
        "--unsafe-no-fsync",
      ],
    },
    {
      name: "containerd",
      command: programs.containerd,
      args: ["--config", config("containerd.toml")],
    },
    {
      name: "kube-apiserver",
      command: binaries["kube-apiserver"],
      args: [
        "--etcd-servers=http://127.0.0.1:2379",
        `--bind-address=${block.node}`,
        `--advertise-address=${block.node}`,
        `--secure-port=${apiPort}`,
        `--cert-dir=${folder.keys}`,
        `--service-cluster-ip-range=${block.services}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${key("service-account.pem")}`,
        `--service-account-signing-key-file=${key("service-account.pem")}`,
        `--token-auth-file=${key("tokens.csv")}`,
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
      ],
    },
    {
      name: "kube-controller-manager",
      needsApi: true,
      command: binaries["kube-controller-manager"],
      args: [
        `--kubeconfig=${kubeconfig}`,
        "--leader-elect=false",
        `--cluster-cidr=${block.pods}`,
        "--node-cidr-mask-size=24",
        "--allocate-node-cidrs=true",
        `--service-account-private-key-file=${key("service-account.pem")}`,
        `--root-ca-file=${key("apiserver.crt")}`,
        "--use-service-account-credentials=true",
        // The default of 20 calls a second would be what is measured wherever many objects are made at once.
        "--kube-api-qps=500",
        "--kube-api-burst=500",
        "--bind-address=127.0.0.1",
      ],
    },
    {
      name: "kube-scheduler",
      needsApi: true,
      command: binaries["kube-scheduler"],
      args: [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--bind-address=127.0.0.1"],
    },
    {
      name: "kubelet",
      needsApi: true,
      command: binaries.kubelet,
      args: [
        `--kubeconfig=${kubeconfig}`,
        `--config=${config("kubelet.yaml")}`,
        `--root-dir=${join(folder.data, "kubelet")}`,
        `--cert-dir=${join(folder.data, "kubelet-keys")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${block.node}`,
      ],
    },
    {
      name: "kube-proxy",
      needsApi: true,
      command: binaries["kube-proxy"],
      args: [
        `--kubeconfig=${kubeconfig}`,
        `--hostname-override=${nodeName}`,
        `--cluster-cidr=${block.pods}`,
        // These limits are the whole machine's, not the namespace's: they stay as they are.
        "--conntrack-max-per-core=0",
        "--conntrack-min=0",
        "--conntrack-tcp-timeout-established=0s",
        "--conntrack-tcp-timeout-close-wait=0s",
        "--healthz-bind-address=127.0.0.1:10256",
        "--metrics-bind-address=127.0.0.1:10249",
      ],
    },
    { name: "dns", needsApi: true, command: binaries.dns, args: ["-conf", config("Corefile")] },
    {
      name: "controllers",
      needsApi: true,
      command: process.execPath,
      args: [
        fileURLToPath(new URL("../controllers/main.ts", import.meta.url)),
        `--kubeconfig=${kubeconfig}`,
        `--address=${block.node}`,
        `--port=${ingressPort}`,
        `--routes-port=${routesPort}`,
        `--balancers=${block.loadBalancers.replace(/\.0\/24$/, "")}`,
        `--node=${nodeName}`,
        `--volumes=${join(folder.data, "volumes")}`,
      ],
    },
  ];
}
