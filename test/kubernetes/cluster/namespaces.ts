import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { readTextIfExists } from "../../../src/base/file.ts";
import { run } from "../../../src/base/run.ts";
import {
  isAlive,
  type ProcessRecord,
  recordOf,
  signalOne,
} from "../../../src/local/runtime/process-identity.ts";
import { type Block, freeBlocks } from "./block.ts";
import { type Component, cgroupRoot } from "./components.ts";
import type { ClusterFolder } from "./place.ts";

const cgroups = "/sys/fs/cgroup";

async function waitFor<T>(what: string, limitMs: number, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > end)
      throw new UnderstudyError(`After ${limitMs / 1000} s there is still no ${what}.`, {
        code: "cluster-stuck",
      });
    await delay(50);
  }
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** What PID 1 is to start, in order, as a shell reads it. */
export function bootScript(components: readonly Component[], kubectl: string, kubeconfig: string): string {
  const line = ({ name, command, args }: Component) =>
    ["daemon", ...[name, command, ...args].map(quote)].join(" ");
  const [before, after] = [
    components.filter((one) => one.needsApi !== true),
    components.filter((one) => one.needsApi),
  ];
  const wait = ["api_ready", quote(kubectl), quote(kubeconfig)].join(" ");
  return [...before.map(line), wait, ...after.map(line), ""].join("\n");
}

/** Takes the first block of addresses that nobody has: making a link under its name is the claim. */
export async function claimBlock(): Promise<Block> {
  for (const block of await freeBlocks()) {
    const args = ["link", "add", block.link, "type", "veth", "peer", "name", `${block.link}n`];
    const { exitCode } = await run("ip", args, { allowFailure: true });
    if (exitCode === 0) return block;
  }
  throw new UnderstudyError(
    "None of the 64 address blocks of 10.213.0.0/16 is free for a cluster, or no link can be made.",
    {
      code: "no-free-block",
      suggestion:
        "Look at `ip link` and `ip route`, and end the clusters that nobody needs with script/kubernetes down.",
    },
  );
}

/** Gives the link away; the node's end of it goes too. */
export async function releaseBlock(block: Block): Promise<void> {
  await run("ip", ["link", "del", block.link], { allowFailure: true });
}

/** Starts the namespaces with all components in them. `owner`: end with that process. */
export async function startNamespaces(
  folder: ClusterFolder,
  block: Block,
  owner: number | undefined,
): Promise<{ readonly guard: ProcessRecord; readonly init: ProcessRecord }> {
  await makeCgroups(block);
  const guard = await startGuard(folder, owner);
  const pidText = await waitFor("namespace of its own (see logs/guard.log)", 60_000, () =>
    readTextIfExists(join(folder.boot, "pid")),
  );
  const init = recordOf(Number(pidText));
  await joinLink(block, init.pid);
  await writeFile(join(folder.boot, "linked"), "");
  return { guard, init };
}

async function startGuard(folder: ClusterFolder, owner: number | undefined): Promise<ProcessRecord> {
  const log = openSync(join(folder.logs, "guard.log"), "a");
  const script = fileURLToPath(new URL("guard.sh", import.meta.url));
  const child = spawn(script, [folder.boot, ...(owner === undefined ? [] : [String(owner)])], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, LANG: "C.UTF-8" },
  });
  closeSync(log);
  await once(child, "spawn");
  child.unref();
  if (child.pid === undefined)
    throw new UnderstudyError("The cluster's guard has no id.", { code: "cluster-stuck" });
  return recordOf(child.pid);
}

async function joinLink(block: Block, pid: number): Promise<void> {
  const inside = `${block.link}n`;
  await run("ip", ["link", "set", inside, "netns", String(pid)]);
  await run("ip", ["addr", "add", `${block.host}/24`, "dev", block.link]);
  await run("ip", ["link", "set", block.link, "up"]);
  const there = (...args: readonly string[]) => run("nsenter", ["-t", String(pid), "-n", "ip", ...args]);
  await there("link", "set", "lo", "up");
  await there("link", "set", inside, "name", "eth0");
  await there("addr", "add", `${block.node}/24`, "dev", "eth0");
  await there("link", "set", "eth0", "up");
  await there("route", "add", "default", "via", block.host);
  await run("ip", ["route", "add", block.range, "via", block.node]);
}

async function hierarchies(): Promise<readonly string[]> {
  const text = await readFile("/proc/self/mountinfo", "utf8");
  return text.split("\n").flatMap((line) => {
    const place = line.split(" ")[4];
    return / - cgroup2? /.test(line) && place?.startsWith(cgroups) ? [place] : [];
  });
}

/** The kubelet refuses a root that isn't there. */
async function makeCgroups(block: Block): Promise<void> {
  for (const place of await hierarchies()) {
    await mkdir(join(place, cgroupRoot(block)), { recursive: true });
    if (place.endsWith("cpuset")) await copyCpuset(place, cgroupRoot(block));
  }
}

/** A new group of this hierarchy has no processors and no memory until it is given some. */
async function copyCpuset(place: string, root: string): Promise<void> {
  for (const name of ["cpuset.cpus", "cpuset.mems"])
    await writeFile(join(place, root, name), await readFile(join(place, name), "utf8"));
}

async function removeCgroup(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
  await rmdir(path).catch(() => {});
}

/** Ends these processes and all that hangs on them, and settles when nothing of it is left on the machine. */
export async function endNamespaces(
  folder: ClusterFolder,
  block: Block,
  processes: readonly ProcessRecord[],
): Promise<void> {
  for (const one of processes) if (await isAlive(one)) signalOne(one.pid, "SIGKILL");
  for (const one of processes)
    await waitFor(`end of process ${one.pid}`, 60_000, async () => ((await isAlive(one)) ? undefined : true));
  await releaseBlock(block);
  for (const place of await hierarchies()) {
    const path = join(place, cgroupRoot(block));
    // A process that was killed may be listed for a moment.
    await waitFor(`end of ${path}`, 60_000, async () => {
      await removeCgroup(path);
      return (await readdir(path).catch(() => undefined)) === undefined ? true : undefined;
    });
  }
  await rm(folder.root, { recursive: true, force: true });
}
