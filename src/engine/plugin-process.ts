import { createInterface } from "node:readline";
import { UnderstudyError } from "../base/errors.ts";
import { endChild, startChild } from "./child.ts";
import type { PluginCommand } from "./plugin-path.ts";

/** How long a plugin may take from its start to its port. */
const startLimitMs = 60_000;

/** A running plugin. */
export interface PluginProcess {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Starts a plugin as the CLI does: the engine's address as argument, the port as first line of its stdout. What it
 * prints later goes to `onOutput`. Throws `plugin-failed`.
 */
export async function startPlugin(
  { command, args }: PluginCommand,
  options: {
    readonly engineAddress: string;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
    readonly onOutput: (line: string) => void;
  },
): Promise<PluginProcess> {
  const child = startChild(command, [...args, options.engineAddress], { cwd: options.cwd, env: options.env });
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
      path: [command, ...args].join(" "),
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
    return { address: `127.0.0.1:${first.trim()}`, close: () => endChild(child) };
  } catch (error) {
    await endChild(child, 0);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
