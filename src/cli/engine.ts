import { type Command, InvalidArgumentError, Option } from "commander";
import { UnderstudyError } from "../base/errors.ts";
import type { RunSummary } from "../engine/events.ts";
import { findPulumi, PulumiCliStack } from "../engine/pulumi-cli.ts";
import { RunFailedError } from "../engine/run-failed.ts";
import { openStack } from "../engine/stack.ts";
import { defaultParallel, type RunOptions, type StackEngine } from "../engine/stack-engine.ts";
import { printFailure, printSummary, progressPrinter, summaryJson } from "./engine-print.ts";
import { exitCode } from "./exit.ts";
import { standIn } from "./stand-in.ts";
import { terminal } from "./terminal.ts";

/** Options of every command that runs a stack. */
export interface EngineOptions {
  readonly cwd: string;
  readonly engine?: "pulumi" | "offline";
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly parallel?: number;
  readonly showSecrets?: boolean;
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

/** Adds the stack's name and the options to find it. */
export function withStack(command: Command): Command {
  return command
    .argument("<stack>", "name of the stack, e.g. primary")
    .option("--cwd <dir>", "the folder of Pulumi.yaml", ".")
    .option("--json", "print one JSON object at the end");
}

export function withEngine(command: Command): Command {
  const engine = new Option("--engine <engine>", "default: pulumi where that command works, else offline");
  return withStack(command)
    .addOption(engine.choices(["pulumi", "offline"]))
    .option("--parallel <count>", `steps at once (offline engine: ${defaultParallel})`, count);
}

/** The stack, by the engine that was asked for or is there. */
export async function openEngine(stack: string, options: EngineOptions): Promise<StackEngine> {
  const command = options.engine === "offline" ? undefined : await findPulumi();
  if (command !== undefined) return PulumiCliStack.open({ command, projectDir: options.cwd, stack });
  if (options.engine === "pulumi") {
    throw new UnderstudyError("There is no working `pulumi` command on PATH.", {
      code: "no-pulumi",
      suggestion: "Install it from pulumi.com, or use --engine offline.",
    });
  }
  return openStack({ projectDir: options.cwd, stack, standIns: standIn });
}

/** Ctrl-C once stops after the running steps, twice at once. The listeners are gone when the work ends. */
async function interruptible<T>(
  work: (signals: Required<Pick<RunOptions, "signal" | "killSignal">>) => Promise<T>,
): Promise<T> {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      kill.abort();
      return;
    }
    terminal.progress("Stopping after the running steps; once more to end at once.");
    stop.abort();
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    return await work({ signal: stop.signal, killSignal: kill.signal });
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

/** Carries out one run with its progress, and prints its summary or everything that failed. */
export async function carryOut(
  options: EngineOptions,
  work: (run: RunOptions) => Promise<RunSummary>,
  planned = false,
): Promise<void> {
  const onEvent = progressPrinter(planned);
  const showSecrets = options.showSecrets === true;
  try {
    const summary = await interruptible((signals) =>
      work({
        ...signals,
        onEvent,
        ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
      }),
    );
    if (options.json === true) terminal.printJson(summaryJson(summary, showSecrets));
    else printSummary(summary, showSecrets, planned);
  } catch (error) {
    if (!(error instanceof RunFailedError)) throw error;
    process.exitCode = error.code === "run-cancelled" ? exitCode.interrupted : exitCode.failed;
    if (options.json !== true) return printFailure(error, planned);
    const failed = { code: error.code, message: error.message, errors: error.errors };
    terminal.printJson({ ...summaryJson(error.summary, showSecrets), result: "failed", error: failed });
  }
}
