import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { UnderstudyError } from "../base/errors.ts";

/** How long a plugin may take from its start to its port. */
const startLimitMs = 60_000;
/** How long it may take to end when asked. */
const stopLimitMs = 2000;

/** Ends a process and what it started: asks first, then forces. */
export async function endProcess(child: ChildProcess, graceMs = stopLimitMs): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const pid = child.pid;
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
  });
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // It ended in between.
    }
  };
  signalGroup("SIGTERM");
  const force = setTimeout(() => signalGroup("SIGKILL"), graceMs);
  await ended;
  clearTimeout(force);
}

/** A running plugin. */
export interface PluginProcess {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** Settles when the process is gone; its last words if it ended by itself. */
  readonly gone: Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a plugin as the CLI does: the engine's address as argument, the port as first line of its stdout. What it
 * prints later goes to `onOutput`. It gets a process group of its own, so that Ctrl-C at the terminal reaches the
 * engine alone. Throws `plugin-failed`.
 */
export async function startPlugin(
  path: string,
  options: {
    readonly engineAddress: string;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly onOutput: (line: string) => void;
  },
): Promise<PluginProcess> {
  const child = spawn(path, [options.engineAddress], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const last: string[] = [];
  const remember = (line: string): void => {
    last.push(line);
    if (last.length > 10) last.shift();
  };
  const errors = createInterface({ input: child.stderr });
  errors.on("line", (line) => {
    remember(line);
    options.onOutput(line);
  });
  const gone = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve([`ended with ${signal ?? code}`, ...last].join("\n")));
  });
  const failed = (reason: string): UnderstudyError =>
    new UnderstudyError(`The plugin did not start: ${reason}`, {
      code: "plugin-failed",
      path,
      suggestion: "Run it by hand: the first line that it prints must be its port.",
    });
  let timer: NodeJS.Timeout | undefined;
  const firstLine = new Promise<string>((resolve) => {
    let started = false;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (started) options.onOutput(line);
      else resolve(line);
      started = true;
    });
  });
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(failed(`no port within ${startLimitMs / 1000} s`)), startLimitMs);
  });
  try {
    const first = await Promise.race([firstLine, late, gone.then((words) => Promise.reject(failed(words)))]);
    if (!/^\d+$/.test(first.trim())) throw failed(`its first line is '${first.slice(0, 80)}', not a port`);
    return { address: `127.0.0.1:${first.trim()}`, gone, close: () => endProcess(child) };
  } catch (error) {
    await endProcess(child, 0);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
