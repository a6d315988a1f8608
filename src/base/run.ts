import { execa, type Options } from "execa";
import { UnderstudyError } from "./errors.ts";

/** What a finished command left. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Secrets go through `env` or `input`, never through `args`: every user of a machine can read argv. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Give back a non-zero exit code instead of throwing. @default false */
  readonly allowFailure?: boolean;
  /** Told of each line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void;
  /** When the signal ends the command, end what it has started too. @default false */
  readonly withChildren?: boolean;
}

/** Time for a command and what it has started to end by themselves. */
const graceMs = 5_000;

/** Ends a whole process group when the signal says so; gives back what stops listening. */
function endGroup(pid: number | undefined, signal: AbortSignal | undefined): () => void {
  if (pid === undefined || signal === undefined) return () => {};
  const send = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // All of it has ended.
    }
  };
  const end = (): void => {
    send("SIGTERM");
    setTimeout(() => send("SIGKILL"), graceMs).unref();
  };
  if (signal.aborted) end();
  signal.addEventListener("abort", end, { once: true });
  return () => signal.removeEventListener("abort", end);
}

/** Passes lines on unchanged after showing them. */
function shown(onLine: (line: string) => void) {
  return function* (line: unknown): Generator<unknown> {
    onLine(String(line));
    yield line;
  };
}

/** The one seam to external commands. Throws `command-failed` with the end of stderr, `command-missing` when there is no such command. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const settings: Options = {
    reject: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.onLine === undefined ? {} : { stdout: shown(options.onLine), stderr: shown(options.onLine) }),
  };
  const grouped = options.withChildren === true;
  const running = execa(command, [...args], { ...settings, detached: grouped });
  const stop = endGroup(grouped ? running.pid : undefined, options.signal);
  const result = await running.finally(stop);
  if (result.exitCode === undefined) {
    const missing = (result as { code?: string }).code === "ENOENT";
    throw new UnderstudyError(
      missing
        ? `There is no command '${command}'.`
        : `'${command}' did not finish: ${result.shortMessage ?? ""}`,
      { code: missing ? "command-missing" : "command-interrupted", cause: result },
    );
  }
  const done = { exitCode: result.exitCode, stdout: String(result.stdout), stderr: String(result.stderr) };
  if (done.exitCode !== 0 && options.allowFailure !== true) {
    const end = (done.stderr || done.stdout).trimEnd().split("\n").slice(-10).join("\n");
    throw new UnderstudyError(`'${command}' exited with ${done.exitCode}: ${end}`, {
      code: "command-failed",
    });
  }
  return done;
}
