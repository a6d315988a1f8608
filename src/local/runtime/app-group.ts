import { createHash } from "node:crypto";
import { sortKeys } from "../../base/json.ts";
import type { Changes } from "./changes.ts";
import type { AppSpec, Instance, ProcessSpec, Slug } from "./contract.ts";
import { type InstanceHost, type InstancePlan, InstanceRunner } from "./instance.ts";

export type Strategy = "recreate" | "rolling";

/** What became of the spec that was applied last. */
export type Verdict =
  | { readonly state: "up" | "pending" }
  | { readonly state: "failed"; readonly instance: Instance; readonly reason: string };

/** What a request for a process type meets: an instance, one to wait for, or nothing. */
export type Outlook =
  | { readonly state: "up"; readonly instances: readonly Instance[] }
  | { readonly state: "starting" | "crashed" | "none" };

function keyOf(spec: AppSpec, process: ProcessSpec): string {
  const { slug, env } = spec;
  const { command, health } = process;
  return createHash("sha256")
    .update(JSON.stringify(sortKeys({ slug, env, command, health })))
    .digest("hex");
}

function plansOf(app: string, spec: AppSpec, slug: Slug): readonly InstancePlan[] {
  return Object.entries(spec.processes).flatMap(([type, process]) =>
    Array.from({ length: process.quantity }, (_, index) => {
      const key = keyOf(spec, process);
      return { app, type, index, slug, env: spec.env, process, key };
    }),
  );
}

/** The instances of one app: brings what runs to what was applied last. */
export class AppGroup {
  readonly #app: string;
  readonly #host: InstanceHost;
  readonly #changes: Changes;
  readonly #runners = new Set<InstanceRunner>();
  #plans: readonly InstancePlan[] = [];
  #generation = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(app: string, host: InstanceHost, changes: Changes) {
    this.#app = app;
    this.#host = host;
    this.#changes = changes;
  }

  get runners(): readonly InstanceRunner[] {
    const order = (runner: InstanceRunner): string =>
      `${runner.plan.type} ${String(runner.plan.index).padStart(6, "0")}`;
    return [...this.#runners].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  apply(spec: AppSpec, slug: Slug, strategy: Strategy): void {
    this.#plans = plansOf(this.#app, spec, slug);
    const generation = ++this.#generation;
    for (const runner of this.#runners) runner.forgive();
    this.#work = strategy === "recreate" ? this.#recreate(generation) : this.#roll(generation);
    this.#changes.notify();
  }

  async remove(): Promise<void> {
    this.#plans = [];
    this.#generation++;
    this.#changes.notify();
    await Promise.all([this.#work, ...[...this.#runners].map((runner) => this.#stop(runner))]);
  }

  /** What a request for a type meets. */
  outlook(type: string): Outlook {
    const runners = [...this.#runners].filter((runner) => runner.plan.type === type && !runner.isEnding);
    const up = runners.map((runner) => runner.view).filter((view) => view.state === "up");
    if (up.length > 0) return { state: "up", instances: up };
    const wanted = this.#plans.filter((plan) => plan.type === type).length;
    if (wanted === 0) return { state: "none" };
    // Fewer than wanted: the rest starts as soon as the old ones have ended.
    const isComing = runners.length < wanted || runners.some((runner) => runner.isComing);
    return { state: isComing ? "starting" : "crashed" };
  }

  verdict(): Verdict {
    let isPending = false;
    for (const plan of this.#plans) {
      const runner = this.#find(plan);
      if (runner?.failure !== undefined && runner.view.state !== "up") {
        return { state: "failed", instance: runner.view, reason: runner.failure };
      }
      if (runner?.view.state !== "up") isPending = true;
    }
    return { state: isPending ? "pending" : "up" };
  }

  #find(plan: InstancePlan): InstanceRunner | undefined {
    return [...this.#runners].find((runner) => {
      const { type, index, key } = runner.plan;
      return !runner.isEnding && type === plan.type && index === plan.index && key === plan.key;
    });
  }

  #isWanted(runner: InstanceRunner): boolean {
    return this.#plans.some((plan) => this.#find(plan) === runner);
  }

  #start(plan: InstancePlan): void {
    this.#runners.add(new InstanceRunner(this.#host, plan, () => this.#changes.notify()));
  }

  async #stop(runner: InstanceRunner): Promise<void> {
    await runner.stop();
    this.#runners.delete(runner);
    this.#changes.notify();
  }

  /** Whether a plan's instance comes up; false too when a later `apply` has taken over. */
  async #comesUp(plan: InstancePlan, generation: number): Promise<boolean> {
    return await this.#changes.until(() => {
      const runner = this.#find(plan);
      if (generation !== this.#generation || runner === undefined) return false;
      if (runner.view.state === "up") return true;
      return runner.failure === undefined ? undefined : false;
    });
  }

  /** All that is out of date ends first, then the new starts. A later `apply` takes over at any wait. */
  async #recreate(generation: number): Promise<void> {
    const old = [...this.#runners].filter((runner) => !this.#isWanted(runner));
    await Promise.all(old.map((runner) => this.#stop(runner)));
    if (generation !== this.#generation) return;
    for (const plan of this.#plans) if (this.#find(plan) === undefined) this.#start(plan);
    this.#changes.notify();
  }

  /** Each new one starts and comes up before an old one ends; when one does not, the old ones stay. */
  async #roll(generation: number): Promise<void> {
    for (const plan of this.#plans) {
      if (this.#find(plan) === undefined) this.#start(plan);
      if (!(await this.#comesUp(plan, generation))) return;
      const replaced = [...this.#runners].find(
        (runner) => runner.plan.type === plan.type && !this.#isWanted(runner) && !runner.isEnding,
      );
      if (replaced !== undefined) void this.#stop(replaced);
    }
    const rest = [...this.#runners].filter((runner) => !this.#isWanted(runner));
    await Promise.all(rest.map((runner) => this.#stop(runner)));
  }
}
