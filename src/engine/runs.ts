import grpc from "@grpc/grpc-js";
import { Builtin } from "./builtin.ts";
import type { ConfigValues } from "./config.ts";
import { deleteRows } from "./deletes.ts";
import { Deployment, type OldRow } from "./deployment.ts";
import { EngineService } from "./engine-service.ts";
import type { EngineListener, RunSummary } from "./events.ts";
import { faultText } from "./fault.ts";
import { channelOptions, listen } from "./grpc.ts";
import { Monitor } from "./monitor.ts";
import { nodeEnv } from "./node-env.ts";
import { forgetPending, settlePending, tellPending } from "./pending.ts";
import type { StandIns } from "./plugin-path.ts";
import { type Launch, type Program, type ProgramEnd, startProgram } from "./program.ts";
import type { Project } from "./project.ts";
import { ProviderRegistry } from "./provider-registry.ts";
import { refreshRows } from "./refresh.ts";
import { Registrar } from "./registrar.ts";
import { Reporter } from "./reporter.ts";
import type { RunContext, RunState } from "./run-context.ts";
import { RunFailedError } from "./run-failed.ts";
import { Slots } from "./slots.ts";
import { stackOutputs } from "./stack-outputs.ts";
import { stackType } from "./urn.ts";
import { type Properties, secret } from "./values.ts";

export interface RunSettings {
  readonly project: Project;
  readonly stack: string;
  readonly config: ConfigValues;
  readonly env: NodeJS.ProcessEnv;
  readonly parallel: number;
  readonly onEvent: EngineListener;
  readonly signal: AbortSignal;
  readonly killSignal: AbortSignal;
  readonly outputsOf: (stack: string) => Promise<Properties>;
  /** What serves packages whose plugins aren't installed. */
  readonly standIns?: StandIns | undefined;
  /** How the program is started. @default startProgram */
  readonly start?: (launch: Launch) => Program;
}

/** Everything that one run has started, and its way to an end. */
class Run {
  readonly deployment: Deployment;
  readonly #operation: RunSummary["operation"];
  readonly #settings: RunSettings;
  readonly #context: RunContext;
  readonly #server: grpc.Server;
  readonly #address: string;
  readonly #startedAt = performance.now();

  private constructor(
    operation: RunSummary["operation"],
    settings: RunSettings,
    context: RunContext,
    place: { readonly server: grpc.Server; readonly address: string; readonly deployment: Deployment },
  ) {
    this.#operation = operation;
    this.#settings = settings;
    this.#context = context;
    this.#server = place.server;
    this.#address = place.address;
    this.deployment = place.deployment;
  }

  static async start(
    operation: RunSummary["operation"],
    settings: RunSettings,
    state: RunState,
  ): Promise<Run> {
    const reporter = new Reporter(settings.onEvent);
    for (const value of settings.config.values()) {
      if (!value.secret) continue;
      reporter.know(value.open);
      reporter.learn({ value: secret(value.value) });
    }
    const env = nodeEnv(settings.env, settings.project);
    const server = new grpc.Server(channelOptions);
    const place = { deployment: undefined as Deployment | undefined };
    new EngineService(reporter, (message) => place.deployment?.echoesFailure(message) === true).addTo(server);
    // The address is told to plugins before the services that need them exist.
    const address = await listen(server);
    const providers = new ProviderRegistry({
      project: settings.project,
      engineAddress: address,
      env,
      reporter,
      preview: operation === "preview",
      builtin: new Builtin({
        outputsOf: settings.outputsOf,
        resource: (urn) => place.deployment?.registered(urn)?.state,
      }),
      standIns: settings.standIns,
    });
    const context: RunContext = {
      project: settings.project,
      stack: settings.stack,
      config: settings.config,
      preview: operation === "preview",
      state,
      providers,
      reporter,
      slots: new Slots(settings.parallel),
      signal: AbortSignal.any([settings.signal, settings.killSignal]),
    };
    const deployment = new Deployment(context);
    place.deployment = deployment;
    new Monitor(deployment, new Registrar(deployment), settings.parallel).addTo(server);
    return new Run(operation, { ...settings, env }, context, { server, address, deployment });
  }

  /** Runs the program to its end; a program that ended badly has been told of. */
  async program(): Promise<boolean> {
    const { reporter, slots } = this.#context;
    const { start = startProgram } = this.#settings;
    const program = start({
      ...this.#settings,
      address: this.#address,
      preview: this.#context.preview,
      onOutput: (line) => reporter.log("info", line),
    });
    const stop = this.#stopping(program);
    const end = await program.ended;
    await slots.idle();
    stop();
    this.#judge(end);
    return end.ok && !this.deployment.failed && !this.#context.signal.aborted;
  }

  #judge(end: ProgramEnd): void {
    const { reporter, signal } = this.#context;
    if (end.ok || signal.aborted) return;
    if (end.reason !== undefined) reporter.fail(end.reason);
    else if (!this.deployment.failed) reporter.fail("The program ended badly.");
  }

  /** Cancelling lets running steps end, asks the plugins to hurry, and then ends the program. */
  #stopping(program: Program): () => void {
    const { signal, slots, providers } = this.#context;
    const cancel = (): void => {
      void providers.cancel();
      void slots.idle().then(() => program.kill());
    };
    const kill = (): void => {
      void program.kill();
      void providers.close();
    };
    signal.addEventListener("abort", cancel, { once: true });
    this.#settings.killSignal.addEventListener("abort", kill, { once: true });
    if (signal.aborted) cancel();
    return () => {
      signal.removeEventListener("abort", cancel);
      this.#settings.killSignal.removeEventListener("abort", kill);
    };
  }

  async delete(rows: readonly OldRow[]): Promise<void> {
    try {
      await deleteRows(this.deployment, rows);
    } catch (error) {
      this.#context.reporter.fail(faultText(error));
    }
  }

  /** Ends what was started, and gives the summary. Throws it as a failure when something failed. */
  async end(): Promise<RunSummary> {
    await this.close();
    const { reporter, state, signal } = this.#context;
    const root = state.snapshot.resources().find(({ type }) => type === stackType);
    const summary: RunSummary = {
      operation: this.#operation,
      counts: reporter.counts,
      steps: reporter.steps,
      outputs: stackOutputs(root?.outputs ?? {}),
      durationMs: performance.now() - this.#startedAt,
    };
    if (reporter.errors.length > 0 || signal.aborted) {
      throw new RunFailedError(summary, reporter.errors, signal.aborted);
    }
    return summary;
  }

  async close(): Promise<void> {
    await this.#context.providers.close();
    this.#server.forceShutdown();
  }
}

/** `up`, or what it would do. */
export async function runUp(
  settings: RunSettings,
  state: RunState,
  operation: "up" | "preview",
): Promise<RunSummary> {
  const run = await Run.start(operation, settings, state);
  try {
    tellPending(run.deployment, operation);
    const isWhole = await run.program();
    await settlePending(run.deployment);
    if (isWhole) await run.delete(run.deployment.unwanted());
  } finally {
    await run.close();
  }
  return run.end();
}

export async function runRefresh(settings: RunSettings, state: RunState): Promise<RunSummary> {
  const run = await Run.start("refresh", settings, state);
  try {
    tellPending(run.deployment, "refresh");
    await refreshRows(run.deployment, run.deployment.unwanted());
    await forgetPending(run.deployment);
  } finally {
    await run.close();
  }
  return run.end();
}

/** Deletes every row, without the program. */
export async function runDestroy(settings: RunSettings, state: RunState): Promise<RunSummary> {
  const run = await Run.start("destroy", settings, state);
  try {
    tellPending(run.deployment, "destroy");
    await run.delete(run.deployment.unwanted());
    await forgetPending(run.deployment);
  } finally {
    await run.close();
  }
  return run.end();
}
