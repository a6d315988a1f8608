import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../base/errors.ts";
import type { Child, Children } from "./children.ts";
import type {
  Env,
  Instance,
  InstanceState,
  LogEntry,
  Logs,
  ProcessSpec,
  RuntimeFlavour,
  Slug,
} from "./contract.ts";
import { instanceEnv } from "./environment.ts";
import { becomesHealthy, becomesSick, instanceAddress } from "./health.ts";
import { createInstanceFolder, type InstanceFolder } from "./instance-folder.ts";
import { readLines } from "./lines.ts";
import type { Ports } from "./ports.ts";

/** What every instance of a runtime shares. */
export interface InstanceHost {
  /** Where the instances' folders are made. */
  readonly folder: string;
  readonly flavour: RuntimeFlavour;
  readonly children: Children;
  readonly ports: Ports;
  readonly logs: Logs;
}

export interface InstancePlan {
  readonly app: string;
  readonly type: string;
  readonly index: number;
  readonly slug: Slug;
  readonly env: Env;
  readonly process: ProcessSpec;
  /** Equal for plans that would run the same: slug, env, command and health check. */
  readonly key: string;
}

/** Up for so long, a crash is again the first of its kind. */
const stableAfterMs = 60_000;
const firstCoolOffMs = 1_000;
/** Shorter than on the platforms, where it grows to minutes: a rehearsal is not to wait for it. */
const longestCoolOffMs = 60_000;

/** Before the restart that follows so many crashes in a row: none, then 1 s, doubling to a minute. */
export function coolOffMs(crashes: number): number {
  return crashes <= 1 ? 0 : Math.min(longestCoolOffMs, firstCoolOffMs * 2 ** (crashes - 2));
}

/** One place of a process type (e.g. web.1): starts its process, watches it, and starts it again when it crashes. */
export class InstanceRunner {
  readonly plan: InstancePlan;
  /** Why its last starts failed, once there is no doubt: twice in a row, or not up within its time. */
  failure: string | undefined;
  readonly #host: InstanceHost;
  readonly #onChange: () => void;
  #view: Instance;
  #child: Child | undefined;
  #crashes = 0;
  #failedStarts = 0;
  #isStopping = false;
  #isRestarting = false;
  #coolOff = new AbortController();
  readonly #life: Promise<void>;

  constructor(host: InstanceHost, plan: InstancePlan, onChange: () => void) {
    this.plan = plan;
    this.#host = host;
    this.#onChange = onChange;
    const { app, type, index } = plan;
    this.#view = { app, type, index, id: randomUUID(), state: "starting", since: Date.now(), port: 0 };
    this.#life = this.#live();
  }

  get view(): Instance {
    return this.#view;
  }

  /** Whether it was told to end for good. */
  get isEnding(): boolean {
    return this.#isStopping;
  }

  /** Whether it is worth waiting for: it starts, or will at once. */
  get isComing(): boolean {
    const { state } = this.#view;
    if (this.#isStopping) return false;
    return (
      state === "starting" || this.#isRestarting || (state === "crashed" && coolOffMs(this.#crashes) === 0)
    );
  }

  /** Settles when its process has ended. */
  async stop(): Promise<void> {
    const isFirst = !this.#isStopping;
    this.#isStopping = true;
    if (isFirst) await this.#end();
    await this.#life;
  }

  /** Ends its process and starts it again; also the way out of a cool-off. */
  restart(): void {
    this.forgive();
    if (this.#isStopping || this.#view.state === "crashed") return;
    this.#isRestarting = true;
    void this.#end();
  }

  /** Forgets earlier crashes: one that is cooling off starts at once. */
  forgive(): void {
    this.#crashes = 0;
    this.#failedStarts = 0;
    this.failure = undefined;
    this.#coolOff.abort();
  }

  async #end(): Promise<void> {
    this.#coolOff.abort();
    if (this.#view.state !== "crashed") this.#become("stopping");
    if (this.#child === undefined) return;
    this.#say("Stopping all processes with SIGTERM");
    await this.#child.stop(this.#host.flavour.stopGraceMs);
  }

  #become(state: InstanceState, change: Partial<Instance> = {}): void {
    if (this.#view.state === state && change.id === undefined) return;
    if (this.#view.state !== state) this.#say(`State changed from ${this.#view.state} to ${state}`);
    this.#view = { ...this.#view, ...change, state, since: Date.now() };
    this.#onChange();
  }

  #say(text: string, kind: LogEntry["kind"] = "platform", stream: LogEntry["stream"] = "out"): void {
    const { app, type, index } = this.plan;
    const source = this.#host.flavour.sourceName(type, index);
    this.#host.logs.append(app, { time: Date.now(), kind, stream, source, type, index, text });
  }

  async #live(): Promise<void> {
    // Off the constructor's stack, so that its maker knows the instance before it hears of it.
    await Promise.resolve();
    while (!this.#isStopping) {
      this.#isRestarting = false;
      const upFor = await this.#runOnce().catch((error: unknown) => {
        this.failure = `it could not be started: ${messageOf(error)}`;
        this.#say(`The instance failed: ${this.failure}`, "platform", "err");
        return 0;
      });
      if (this.#isStopping) break;
      if (this.#isRestarting) continue;
      this.#crashes = upFor >= stableAfterMs ? 1 : this.#crashes + 1;
      this.#coolOff = new AbortController();
      this.#become("crashed");
      await delay(coolOffMs(this.#crashes), undefined, { signal: this.#coolOff.signal }).catch(() => {});
    }
  }

  /** One start of the process, until it has ended; gives how long it was up, in milliseconds. */
  async #runOnce(): Promise<number> {
    const id = randomUUID();
    this.#become("starting", { id, port: 0 });
    const port = await this.#host.ports.take(instanceAddress);
    this.#view = { ...this.#view, port };
    try {
      const folder = await createInstanceFolder(this.plan.slug, join(this.#host.folder, id));
      try {
        if (this.#isStopping || this.#isRestarting) return 0;
        this.#child = this.#spawn(folder, port);
        return await this.#watch(this.#child, port);
      } finally {
        this.#child = undefined;
        await folder.remove();
      }
    } finally {
      this.#host.ports.giveBack(port);
    }
  }

  #spawn(folder: InstanceFolder, port: number): Child {
    const { flavour, children } = this.#host;
    const { app, type, index, slug, env, process: spec } = this.plan;
    this.#say(`Starting process with command \`${spec.command}\``);
    const child = children.spawn({
      command: "bash",
      args: ["-c", spec.command],
      cwd: folder.home,
      env: {
        ...instanceEnv(slug, folder, env),
        PORT: String(port),
        ...flavour.instanceEnv({ app, type, index, port }),
      },
    });
    if (child.stdout !== null) void readLines(child.stdout, (line) => this.#say(line, "app"));
    if (child.stderr !== null) void readLines(child.stderr, (line) => this.#say(line, "app", "err"));
    return child;
  }

  async #watch(child: Child, port: number): Promise<number> {
    const { health } = this.plan.process;
    const watching = new AbortController();
    const exited = child.exited.finally(() => watching.abort());
    const isUp = await becomesHealthy(health, port, watching.signal);
    const upSince = performance.now();
    if (isUp && this.#view.state === "starting") {
      this.#failedStarts = 0;
      this.failure = undefined;
      this.#become("up");
      void becomesSick(health, port, watching.signal).then((isSick) => {
        if (!isSick || this.#view.state !== "up") return;
        this.#say("The health check failed: stopping the process", "platform", "err");
        child.signal("SIGKILL");
      });
    } else if (!watching.signal.aborted && health.type !== "process" && this.#view.state === "starting") {
      const missed = health.type === "http" ? `answer ${health.path} with 200` : "listen on $PORT";
      this.failure = `it did not ${missed} within ${health.startTimeoutSeconds} s`;
      this.#say(`Stopping process with SIGKILL: ${this.failure}`, "platform", "err");
      child.signal("SIGKILL");
    }
    const { exitCode, signal, error } = await exited;
    const how =
      error?.message ?? (exitCode === null ? `ended by ${signal}` : `exited with status ${exitCode}`);
    this.#say(`Process ${how}`);
    if (!isUp && ++this.#failedStarts >= 2) this.failure ??= `its process ${how} before it was up`;
    return isUp ? performance.now() - upSince : 0;
  }
}
