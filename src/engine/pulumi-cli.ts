import { access, constants, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import type { EngineEvent as CliEvent, Stack as CliStack, OpType } from "@pulumi/pulumi/automation/index.js";
import { messageOf, UnderstudyError } from "../base/errors.ts";
import { run } from "../base/run.ts";
import type { EngineListener, RunSummary, StackOutputs, StepInfo, StepKind } from "./events.ts";
import { RunFailedError } from "./run-failed.ts";
import type { DestroyOptions, RunOptions, StackEngine } from "./stack-engine.ts";
import { nameOf } from "./urn.ts";

/** A CLI that does not tell its version in this time is not to be counted on. */
const answerLimitMs = 5000;

/** Where npm puts the thin wrapper, which downloads a CLI when asked for its version. */
function isWrapperFolder(folder: string): boolean {
  return folder.includes(join("node_modules", ".bin"));
}

/** A working `pulumi` on PATH, or undefined. */
export async function findPulumi(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "pulumi");
    if (folder === "" || isWrapperFolder(folder)) continue;
    if (
      !(await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const real = await realpath(path);
    if (real.includes("node_modules")) continue;
    const answer = await run(path, ["version"], { timeoutMs: answerLimitMs, allowFailure: true }).catch(
      () => undefined,
    );
    if (answer?.exitCode === 0 && /^v?\d+\./.test(answer.stdout.trim())) return real;
  }
  return undefined;
}

const kinds: Readonly<Record<OpType, StepKind>> = {
  same: "same",
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "create",
  "delete-replaced": "delete-replaced",
  read: "read",
  "read-replacement": "read",
  refresh: "refresh",
  discard: "discard",
  "discard-replaced": "discard",
  "remove-pending-replace": "discard",
  import: "import",
  "import-replacement": "import",
};

/** A stack of the Pulumi CLI, driven by its Automation API. The CLI masks secrets in what it tells. */
export class PulumiCliStack implements StackEngine {
  readonly #stack: CliStack;

  private constructor(stack: CliStack) {
    this.#stack = stack;
  }

  static async open(options: {
    /** Of the executable. */
    readonly command: string;
    readonly projectDir: string;
    readonly stack: string;
  }): Promise<PulumiCliStack> {
    const { LocalWorkspace, PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
    const folder = dirname(options.command);
    const pulumiCommand = await PulumiCommand.get(
      basename(folder) === "bin" ? { root: dirname(folder) } : {},
    );
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: options.stack, workDir: options.projectDir },
      { pulumiCommand },
    );
    return new PulumiCliStack(stack);
  }

  async #run(
    operation: RunSummary["operation"],
    options: RunOptions,
    work: (settings: {
      readonly onEvent: (event: CliEvent) => void;
      readonly parallel?: number;
      readonly signal?: AbortSignal;
    }) => Promise<unknown>,
  ): Promise<RunSummary> {
    const startedAt = performance.now();
    const seen = new CliRun(options.onEvent ?? (() => {}));
    const summary = async (): Promise<RunSummary> => ({
      operation,
      counts: seen.counts,
      steps: seen.steps,
      outputs: operation === "preview" ? {} : await this.outputs(),
      durationMs: performance.now() - startedAt,
    });
    try {
      await work({
        onEvent: (event) => seen.take(event),
        ...(options.parallel === undefined ? {} : { parallel: options.parallel }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      const errors = seen.errors.length > 0 ? seen.errors : [{ message: messageOf(error) }];
      throw new RunFailedError(await summary(), errors, options.signal?.aborted === true);
    }
    return summary();
  }

  up(options: RunOptions = {}): Promise<RunSummary> {
    return this.#run("up", options, (settings) => this.#stack.up(settings));
  }

  preview(options: RunOptions = {}): Promise<RunSummary> {
    return this.#run("preview", options, (settings) => this.#stack.preview(settings));
  }

  refresh(options: RunOptions = {}): Promise<RunSummary> {
    return this.#run("refresh", options, (settings) => this.#stack.refresh(settings));
  }

  async destroy(options: DestroyOptions = {}): Promise<RunSummary> {
    await options.beforeDestroy?.(await this.outputs());
    return this.#run("destroy", options, (settings) => this.#stack.destroy(settings));
  }

  async outputs(): Promise<StackOutputs> {
    return await this.#stack.outputs();
  }

  async export(): Promise<string> {
    return `${JSON.stringify(await this.#stack.exportStack(), undefined, 4)}\n`;
  }

  async import(text: string, source: string): Promise<void> {
    try {
      await this.#stack.importStack(JSON.parse(text) as Parameters<CliStack["importStack"]>[0]);
    } catch (error) {
      throw new UnderstudyError(`The state can't be imported: ${messageOf(error)}`, {
        code: "bad-state",
        path: source,
        cause: error,
        suggestion: "Give a file that `stack export` wrote.",
      });
    }
  }
}

/** What the events of one run of the CLI say, in the engine's words. */
class CliRun {
  readonly #listener: EngineListener;
  readonly #startedAt = new Map<string, number>();
  readonly steps: StepInfo[] = [];
  readonly counts: Partial<Record<StepKind, number>> = {};
  readonly errors: { readonly message: string; readonly urn?: string }[] = [];

  constructor(listener: EngineListener) {
    this.#listener = listener;
  }

  take(event: CliEvent): void {
    const { resourcePreEvent, resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
    if (resourcePreEvent !== undefined) {
      const info = stepOf(resourcePreEvent.metadata);
      this.#startedAt.set(info.urn, performance.now());
      this.#listener({ kind: "step-start", ...info });
    }
    if (resOutputsEvent !== undefined) {
      const info = stepOf(resOutputsEvent.metadata);
      this.counts[info.step] = (this.counts[info.step] ?? 0) + 1;
      if (info.step !== "same" && info.step !== "read") this.steps.push(info);
      this.#listener({ kind: "step-end", ...info, durationMs: this.#since(info.urn) });
    }
    if (resOpFailedEvent !== undefined) {
      const info = stepOf(resOpFailedEvent.metadata);
      this.#listener({ kind: "step-end", ...info, durationMs: this.#since(info.urn), error: "failed" });
    }
    if (diagnosticEvent === undefined) return;
    const { message, urn, severity } = diagnosticEvent;
    const place = urn === undefined || urn === "" ? {} : { urn };
    const text = message.trimEnd();
    if (severity === "error") this.errors.push({ message: text, ...place });
    this.#listener({
      kind: "log",
      severity: severity === "info#err" ? "info" : severity,
      message: text,
      ...place,
    });
  }

  #since(urn: string): number {
    return performance.now() - (this.#startedAt.get(urn) ?? performance.now());
  }
}

function stepOf(metadata: NonNullable<CliEvent["resourcePreEvent"]>["metadata"]): StepInfo {
  const { op, urn, type, detailedDiff = {} } = metadata;
  const changes = Object.entries(detailedDiff).map(([path, { diffKind }]) => ({
    path,
    kind: diffKind.startsWith("add")
      ? ("add" as const)
      : diffKind.startsWith("delete")
        ? ("delete" as const)
        : ("update" as const),
    replaces: diffKind.endsWith("replace"),
  }));
  return { step: kinds[op], urn, type, name: nameOf(urn), changes };
}
