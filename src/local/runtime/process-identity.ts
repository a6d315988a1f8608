import { readFileSync } from "node:fs";
import { run } from "../../base/run.ts";

/**
 * What tells a process from a later one with the same number: on Linux its start in clock ticks since boot
 * (field 22 of /proc/PID/stat, proc(5)). Undefined when there is no such process, it is a zombie, or there is no /proc.
 */
export function startTicks(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name in brackets may hold spaces and brackets: fields are counted from the last bracket.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
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

/** Sends a signal to a process's whole group; one that is gone already is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
