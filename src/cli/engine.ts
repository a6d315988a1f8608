import { type Command, InvalidArgumentError, Option } from "commander";
import { UnderstudyError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { EngineEvent, PropertyChange, RunSummary, StackOutputs, StepKind } from "../engine/events.ts";
import { findPulumi, PulumiCliStack } from "../engine/pulumi-cli.ts";
import { RunFailedError } from "../engine/run-failed.ts";
import { openStack } from "../engine/stack.ts";
import type { RunOptions, StackEngine } from "../engine/stack-engine.ts";
import { exitCode } from "./exit.ts";
import { terminal } from "./terminal.ts";

/** Options of every command that runs a stack. */
export interface EngineOptions {
  readonly cwd: string;
  readonly engine?: "pulumi" | "offline";
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly parallel: number;
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
    .option("--parallel <count>", "steps at once", count, 16);
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
  return openStack({ projectDir: options.cwd, stack });
}

const symbols: Readonly<Record<StepKind, string>> = {
  create: "+",
  update: "~",
  replace: "+-",
  delete: "-",
  "delete-replaced": "-",
  same: " ",
  read: "<",
  refresh: "~",
  import: "=",
  discard: "-",
};

const done: Readonly<Record<StepKind, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  "delete-replaced": "old one deleted",
  same: "unchanged",
  read: "read",
  refresh: "refreshed",
  import: "imported",
  discard: "forgotten",
};

const styles: Partial<Readonly<Record<StepKind, "green" | "yellow" | "red" | "cyan">>> = {
  create: "green",
  update: "yellow",
  replace: "yellow",
  delete: "red",
  "delete-replaced": "red",
  discard: "red",
  refresh: "yellow",
  import: "cyan",
};

function describeChange({ path, kind, replaces, before, after }: PropertyChange): string {
  const mark = replaces ? " (replaces)" : "";
  const text = (value: Json | undefined): string => (value === undefined ? "?" : JSON.stringify(value));
  if (kind === "add") return `      + ${path}: ${text(after)}${mark}`;
  if (kind === "delete") return `      - ${path}: ${text(before)}${mark}`;
  const values = before === undefined && after === undefined ? "" : `: ${text(before)} => ${text(after)}`;
  return `      ~ ${path}${values}${mark}`;
}

/** Prints a line a resource as it ends. `planned` says what would be done instead of what was. */
export function progressPrinter(planned: boolean): (event: EngineEvent) => void {
  return (event) => {
    if (event.kind === "log") {
      if (event.severity === "debug" || event.ephemeral === true) return;
      const label = event.severity === "info" ? "" : `${event.severity === "error" ? "error" : "warning"}: `;
      terminal.progress(`  ${terminal.style("dim", `${label}${event.message}`, process.stderr)}`);
      return;
    }
    if (event.kind !== "step-end" || (event.step === "same" && event.error === undefined)) return;
    const style = event.error === undefined ? styles[event.step] : "red";
    const symbol =
      style === undefined ? symbols[event.step] : terminal.style(style, symbols[event.step], process.stderr);
    const seconds = (event.durationMs / 1000).toFixed(1);
    const outcome =
      event.error === undefined
        ? planned
          ? event.step
          : `${done[event.step]} (${seconds}s)`
        : `failed: ${event.error}`;
    terminal.progress(` ${symbol.padEnd(2)} ${event.type} ${event.name} ${outcome}`);
    if (planned || event.step === "refresh") {
      for (const change of event.changes) terminal.progress(describeChange(change));
    }
  };
}

/** Outputs as they may be shown. */
export function shownOutputs(outputs: StackOutputs, showSecrets: boolean): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [
      name,
      secret && !showSecrets ? "[secret]" : value,
    ]),
  );
}

export function printOutputs(outputs: Readonly<Record<string, Json>>): void {
  const names = Object.keys(outputs);
  if (names.length === 0) return;
  const width = Math.max(...names.map((name) => name.length));
  terminal.print("Outputs:");
  for (const [name, value] of Object.entries(outputs)) {
    terminal.print(`  ${name.padEnd(width)}  ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
}

function counts(summary: RunSummary, planned: boolean): string {
  const verb = (kind: StepKind): string => (planned && kind !== "same" ? `to ${kind}` : done[kind]);
  const parts = (Object.keys(symbols) as StepKind[])
    // It belongs to a replacement, which is counted.
    .filter((kind) => kind !== "delete-replaced" && (summary.counts[kind] ?? 0) > 0)
    .map((kind) => `${symbols[kind]} ${summary.counts[kind]} ${verb(kind)}`.trim());
  return parts.length === 0 ? "none" : parts.join(", ");
}

function summaryJson(summary: RunSummary, options: EngineOptions): Record<string, unknown> {
  return {
    operation: summary.operation,
    result: "succeeded",
    resources: summary.counts,
    steps: summary.steps,
    outputs: shownOutputs(summary.outputs, options.showSecrets === true),
    durationSeconds: Number((summary.durationMs / 1000).toFixed(3)),
  };
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
  try {
    const summary = await interruptible((signals) =>
      work({ ...signals, onEvent, parallel: options.parallel }),
    );
    if (options.json === true) return terminal.printJson(summaryJson(summary, options));
    printOutputs(shownOutputs(summary.outputs, options.showSecrets === true));
    terminal.print(
      `Resources: ${counts(summary, planned)}; Duration: ${(summary.durationMs / 1000).toFixed(1)}s`,
    );
  } catch (error) {
    if (!(error instanceof RunFailedError)) throw error;
    process.exitCode = error.code === "run-cancelled" ? exitCode.interrupted : exitCode.failed;
    if (options.json === true) {
      const failed = { code: error.code, message: error.message, errors: error.errors };
      terminal.printJson({ ...summaryJson(error.summary, options), result: "failed", error: failed });
      return;
    }
    const ended = error.code === "run-cancelled" ? "was cancelled" : "failed";
    terminal.progress(terminal.style("red", `The ${error.summary.operation} ${ended}.`, process.stderr));
    for (const { urn, message } of error.errors) {
      terminal.progress(`  ${urn === undefined ? "" : `${urn}: `}${message}`);
    }
    terminal.progress(`Resources: ${counts(error.summary, planned)}`);
    if (error.suggestion !== undefined) terminal.progress(error.suggestion);
  }
}
