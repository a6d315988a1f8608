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
  };
  const result = await execa(command, [...args], settings);
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
