import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { run } from "../../base/run.ts";

/** Fields of /proc/PID/stat from the third on (proc(5)); undefined when there is no such process or no /proc. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold spaces and brackets: fields are counted from the last bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/**
 * What tells a process from a later one with the same number: on Linux its start in clock ticks since boot. Undefined
 * when there is no such process, it is a zombie, or there is no /proc.
 */
function startTicks(pid: number): string | undefined {
  const fields = statOf(pid);
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** A process as it was written down when it started. */
export interface ProcessRecord {
  readonly pid: number;
  /** {@link startTicks}, or undefined where there is no /proc. */
  readonly ticks: string | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

export function recordOf(pid: number): ProcessRecord {
  return { pid, ticks: startTicks(pid), startedAt: Date.now() };
}

/** Whether the very process that was written down still runs; never true for a stranger that got its number later. */
export async function isAlive(record: ProcessRecord): Promise<boolean> {
  if (record.ticks !== undefined) return startTicks(record.pid) === record.ticks;
  if (process.platform === "linux") return false;
  const { exitCode, stdout } = await run("ps", ["-o", "lstart=", "-p", String(record.pid)], {
    env: { LC_ALL: "C" },
    allowFailure: true,
  });
  // `ps` gives whole seconds.
  return exitCode === 0 && Math.abs(Date.parse(stdout.trim()) - record.startedAt) < 2_000;
}

/** Children of some processes, their children, and so on; found on Linux only. */
export async function descendantsOf(pids: readonly number[]): Promise<readonly ProcessRecord[]> {
  const names = pids.length === 0 ? [] : await readdir("/proc").catch(() => []);
  const parents = new Map<number, number>();
  for (const name of names) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (fields !== undefined) parents.set(Number(name), Number(fields[1]));
  }
  const found = new Set(pids);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found].filter((pid) => !pids.includes(pid)).map(recordOf);
}

/** Sends a signal to one process; one that is gone already is no error. */
export function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Sends a signal to a process's whole group; one that is gone already is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  signalOne(-pid, signal);
}
