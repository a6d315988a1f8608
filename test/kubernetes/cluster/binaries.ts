import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { findProgram, whyNotBuild } from "./machine.ts";
import { cacheRoot } from "./place.ts";
import { kubernetesVersion, moduleFolder } from "./versions.ts";

const names = [
  "dns",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
  "pause",
] as const;
type BinaryName = (typeof names)[number];

/** Path of each program that is built from Go sources. */
export type Binaries = Readonly<Record<BinaryName, string>>;

const folder = join(cacheRoot, kubernetesVersion, "bin");

/** What was built before; undefined when a part is missing. */
export async function builtBinaries(): Promise<Binaries | undefined> {
  const there = new Set(await readdir(folder).catch(() => []));
  if (!names.every((name) => there.has(name))) return undefined;
  return Object.fromEntries(names.map((name) => [name, join(folder, name)])) as Binaries;
}

/** Without these the server calls itself `v0.0.0-master+$Format:%H$`, which clients refuse to read. */
function versionFlags(): string {
  const [major, minor] = kubernetesVersion.slice(1).split(".");
  const facts = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  const set = packages.flatMap((name) =>
    Object.entries(facts).map(([key, fact]) => `-X ${name}.${key}=${fact}`),
  );
  return ["-s", "-w", ...set].join(" ");
}

/**
 * Builds what is not in the cache; about 12 minutes of two cores the first time. Nothing half-made is ever in the cache.
 * Throws `build-impossible` without a Go toolchain, `build-failed` with the end of Go's messages.
 */
export async function buildBinaries(say: (line: string) => void): Promise<Binaries> {
  const built = await builtBinaries();
  if (built !== undefined) return built;
  const reason = await whyNotBuild();
  const go = await findProgram("go");
  if (reason !== undefined || go === undefined)
    throw new UnderstudyError(`Kubernetes ${kubernetesVersion} can't be built: ${reason ?? "no Go"}.`, {
      code: "build-impossible",
    });
  say(`building Kubernetes ${kubernetesVersion}: some 12 minutes on 2 cores, kept in ${folder}`);
  await mkdir(cacheRoot, { recursive: true });
  const made = join(cacheRoot, `.${randomUUID()}.tmp`);
  try {
    await mkdir(made);
    const args = [
      "build",
      "-trimpath",
      "-ldflags",
      versionFlags(),
      "-o",
      `${made}/`,
      "tool",
      "./dns",
      "./pause",
    ];
    // The machine has other work to do meanwhile.
    const result = await execa("nice", ["-n", "19", go, ...args], {
      cwd: moduleFolder,
      env: { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
      reject: false,
    });
    if (result.exitCode !== 0) {
      const end = result.stderr.trimEnd().split("\n").slice(-20).join("\n");
      throw new UnderstudyError(`Building Kubernetes ${kubernetesVersion} failed:\n${end}`, {
        code: "build-failed",
      });
    }
    await mkdir(join(folder, ".."), { recursive: true });
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
  const now = await builtBinaries();
  if (now === undefined)
    throw new UnderstudyError(`Go built not all of ${names.join(", ")} into ${folder}.`, {
      code: "build-failed",
    });
  return now;
}
