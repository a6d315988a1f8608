import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunResult, run } from "../../base/run.ts";

/** This very command line, called as its user would. */
export interface OwnCommand {
  /** Runs one command to its end. Throws `command-failed` with what it said last. */
  run(args: readonly string[]): Promise<RunResult>;
  /** Starts one that goes on; its output goes to a file. */
  start(args: readonly string[], log: string): Promise<BackgroundCommand>;
}

export interface BackgroundCommand {
  /** Asks it to end and waits for that. */
  stop(): Promise<void>;
}

/** `.ts` in the sources, `.js` in the published package. */
const main = fileURLToPath(new URL(`../main${extname(import.meta.url)}`, import.meta.url));
const nodeArgs = ["--disable-warning=ExperimentalWarning", main];
const graceMs = 5_000;

export function ownCommand(options: {
  readonly cwd: string;
  /** Added to this process's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): OwnCommand {
  return {
    run: (args) => run(process.execPath, [...nodeArgs, ...args], options),
    async start(args, log) {
      const file = await open(log, "a");
      try {
        const child = spawn(process.execPath, [...nodeArgs, ...args], {
          cwd: options.cwd,
          env: { ...process.env, ...options.env },
          stdio: ["ignore", file.fd, file.fd],
        });
        await once(child, "spawn");
        return { stop: () => stop(child) };
      } finally {
        await file.close();
      }
    },
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await ended;
  clearTimeout(timer);
}
