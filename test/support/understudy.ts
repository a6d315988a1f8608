import { type ChildProcess, spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

/** What a command left behind. */
export interface Outcome {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Half of what a command takes to start is the stripping of types; Node keeps what it compiled here. */
export const compileCache = fileURLToPath(new URL("../../.cache/node", import.meta.url));

/** Starts the command line as its user would. */
export function start(args: readonly string[], { cwd, env = {}, input }: CommandOptions): RunningCommand {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    cwd,
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: "pipe",
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const exit = new Promise<number | undefined>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? undefined));
  });
  const outcome = Promise.all([exit, text(child.stdout), text(child.stderr)]).then(
    ([exitCode, stdout, stderr]) => ({ exitCode, stdout, stderr }),
  );
  return { child, outcome };
}

/** Runs the command line to its end. */
export function understudy(args: readonly string[], options: CommandOptions): Promise<Outcome> {
  return start(args, options).outcome;
}
