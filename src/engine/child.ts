import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** How long a process may take to end when asked. */
const graceLimitMs = 2000;

/** A process with its output to read and nothing to type. */
export type Child = ChildProcessByStdio<null, Readable, Readable>;

const running = new Set<number>();

/** Whatever ends this process, short of a kill that can't be caught, ends what it started. */
process.once("exit", () => {
  for (const pid of running) signalGroup(pid, "SIGKILL");
});

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended in between.
  }
}

/**
 * Starts a program or plugin in a process group of its own, as the CLI does: Ctrl-C at the terminal is for the engine to
 * answer, and what the process starts can be ended with it.
 */
export function startChild(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Child {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    child.once("exit", () => running.delete(pid));
  }
  return child;
}

/** Ends a process and what it started: asks first, then forces. */
export async function endChild(child: Child, graceMs = graceLimitMs): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  signalGroup(pid, "SIGTERM");
  const force = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
  await ended;
  clearTimeout(force);
}
