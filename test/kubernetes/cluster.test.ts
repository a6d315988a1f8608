import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/base/run.ts";
import { eventually, processesNaming } from "../support/process.ts";
import { blockAt, overlap } from "./cluster/block.ts";
import { endCluster, startCluster } from "./cluster/cluster.ts";
import { findCluster, type RunningCluster } from "./cluster/record.ts";
import { withOwnCluster } from "./suite.ts";

const script = fileURLToPath(new URL("../../script/kubernetes", import.meta.url));
const quiet = () => {};

/** All that a cluster has on the machine outside its folder, as lines. */
async function tracesOf(root: string, running: RunningCluster): Promise<readonly string[]> {
  const node = running.ingress.address;
  const network = node.split(".").slice(0, 3).join(".");
  const [links, routes, mounts, rules, cgroups] = await Promise.all([
    run("ip", ["-o", "addr", "show"]),
    run("ip", ["route", "show", "table", "all"]),
    readFile("/proc/self/mountinfo", "utf8"),
    run("iptables-save", [], { allowFailure: true }),
    run("find", ["/sys/fs/cgroup", "-maxdepth", "3", "-name", "understudy-kubernetes-*"], {
      allowFailure: true,
    }),
  ]);
  const own = (text: string) =>
    text.split("\n").filter((line) => line.includes(root) || line.includes(network));
  const namespaces = await readdir("/run/netns").catch(() => []);
  const index = Number(network.split(".")[2]) / 4;
  return [
    ...own(links.stdout),
    ...own(routes.stdout),
    ...own(mounts),
    ...own(rules.stdout),
    ...namespaces,
    ...cgroups.stdout.split("\n").filter((line) => line.endsWith(`understudy-kubernetes-${index}`)),
    ...(await processesNaming(root)),
  ];
}

describe("address blocks", () => {
  it("are apart from each other", () => {
    const ranges = Array.from({ length: 64 }, (_, index) => blockAt(index).range);
    const pairs = ranges.flatMap((one, index) =>
      ranges.slice(index + 1).map((other) => [one, other] as const),
    );
    expect(pairs.filter(([one, other]) => overlap(one, other))).toEqual([]);
  });

  it("are told from routes that cover or touch them", () => {
    const { range } = blockAt(3);
    expect(range).toBe("10.213.12.0/22");
    for (const taken of ["10.0.0.0/8", "10.213.15.255", "10.213.12.0/24"])
      expect(overlap(range, taken), taken).toBe(true);
    for (const free of ["10.213.16.0/22", "192.168.0.0/16", "10.213.11.255/32"])
      expect(overlap(range, free), free).toBe(false);
  });
});

await withOwnCluster("a cluster of this machine", () => {
  describe("a cluster of this machine", () => {
    let root: string;
    let running: RunningCluster;

    beforeAll(async () => {
      root = join(await mkdtemp(join(tmpdir(), "understudy-test-")), "cluster");
      running = await startCluster({ root, owner: process.pid, say: quiet });
    });
    afterAll(async () => {
      await endCluster(root);
      await rm(join(root, ".."), { recursive: true, force: true });
    });

    const kubectl = async (...args: readonly string[]) =>
      (await run(running.kubectl, ["--kubeconfig", running.kubeconfig, ...args])).stdout;

    it("is left as it is by another start", async () => {
      expect(await startCluster({ root, say: quiet })).toEqual(running);
      const { stdout, stderr } = await execa(script, ["up", "--json", "--folder", root]);
      expect(stderr).toContain("up already");
      expect(JSON.parse(stdout)).toMatchObject({ up: true, kubeconfig: running.kubeconfig });
      expect(stdout + stderr).not.toContain(running.token);
    });

    it("enforces Pod Security, defaults the class of Ingresses, and gives volumes", async () => {
      await kubectl("create", "namespace", "strict");
      await kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted");
      // A label takes a moment to be enforced.
      const rootful = ["-n", "strict", "run", "root", "--image=any", "--dry-run=server"];
      await expect
        .poll(() => kubectl(...rootful).then(String, String), { timeout: 120_000 })
        .toContain("violates PodSecurity");
      await kubectl("-n", "strict", "create", "ingress", "one", "--rule=a.example.com/=one:80");
      expect(
        await kubectl("-n", "strict", "get", "ingress", "one", "-o", "jsonpath={.spec.ingressClassName}"),
      ).toBe("understudy");
      const claim = join(root, "claim.yaml");
      const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
      const metadata = { name: "data", namespace: "strict" };
      const object = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata, spec };
      await writeFile(claim, JSON.stringify(object));
      await kubectl("apply", "-f", claim);
      await kubectl(
        "-n",
        "strict",
        "wait",
        "--for=jsonpath={.status.phase}=Bound",
        "pvc/data",
        "--timeout=120s",
      );
      const volume = await kubectl("-n", "strict", "get", "pvc", "data", "-o", "jsonpath={.spec.volumeName}");
      await kubectl("-n", "strict", "delete", "pvc", "data");
      await kubectl("wait", "--for=delete", `pv/${volume}`, "--timeout=120s");
    });

    it("leaves nothing when it is ended with pods in it, and says that there is none then", async () => {
      await kubectl("create", "deployment", "cache", `--image=${running.images.redis}`, "--replicas=2");
      await kubectl("rollout", "status", "deployment/cache", "--timeout=150s");
      expect((await tracesOf(root, running)).length).toBeGreaterThan(10);
      const { stderr } = await execa(script, ["down", "--folder", root]);
      expect(stderr).toContain("ended");
      expect(await tracesOf(root, running)).toEqual([]);
      expect(await readdir(join(root, ".."))).toEqual([]);
      const status = await execa(script, ["status", "--folder", root], { reject: false });
      expect(status).toMatchObject({ exitCode: 1, stdout: "down" });
      expect((await execa(script, ["down", "--folder", root])).stderr).toContain("none");
    });

    it("ends by itself with its owner, and the next start clears up what that left", async () => {
      const owner = execa("sleep", ["1000"], { reject: false });
      const first = await startCluster({ root, owner: owner.pid, say: quiet });
      owner.kill("SIGKILL");
      const isGone = async () =>
        (await findCluster(root)) === undefined && (await processesNaming(root)).length === 0;
      await eventually("the end of all that names its folder", isGone, 120_000);
      running = await startCluster({ root, owner: process.pid, say: quiet });
      expect(running.token).not.toBe(first.token);
      expect(await kubectl("get", "nodes", "-o", "name")).toBe("node/understudy");
    }, 300_000);

    it("refuses a folder with something else in it", async () => {
      const folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
      await writeFile(join(folder, "letter.txt"), "dear");
      const refused = await execa(script, ["up", "--folder", folder], { reject: false });
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(folder) });
      expect(await readdir(folder)).toEqual(["letter.txt"]);
      await rm(folder, { recursive: true });
    });
  });
});
