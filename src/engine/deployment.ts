import { UnderstudyError } from "../base/errors.ts";
import type { PropertyChange, StepInfo, StepKind } from "./events.ts";
import { faultText } from "./fault.ts";
import type { Goal } from "./goal.ts";
import type { ResourceProvider } from "./provider.ts";
import type { ResourceState } from "./resource-state.ts";
import { CancelledError, type RunContext } from "./run-context.ts";
import { makeUrn, nameOf, parseProviderReference, typeOf } from "./urn.ts";

/** A resource of this run, as far as it got. */
export interface Registered {
  readonly goal: Goal;
  /** Its row in the snapshot; undefined when it failed before it had one. */
  readonly key: string | undefined;
  readonly state: ResourceState | undefined;
}

/** A row of the last deployment. */
export interface OldRow {
  readonly key: string;
  readonly state: ResourceState;
}

/** What the resources of a run have to do with each other: which are there, which were, and who carries them out. */
export class Deployment {
  readonly context: RunContext;
  /** Every URN whose registration began. */
  readonly #registered = new Map<string, Registered>();
  readonly #failed = new Set<string>();
  readonly #replaced = new Set<string>();
  /** Rows by the URN of the last deployment; those that only wait for their deletion are left out. */
  readonly #old: ReadonlyMap<string, string>;
  /** Rows that a resource of this run goes on with. */
  readonly #claimed = new Set<string>();
  /** Former URN by present URN, for those found by an alias. */
  readonly #former = new Map<string, string>();

  constructor(context: RunContext) {
    this.context = context;
    this.#old = new Map(
      context.state.snapshot
        .oldRows()
        .filter(([, state]) => state.delete !== true)
        .map(([key, state]) => [state.urn, key]),
    );
  }

  get failed(): boolean {
    return this.context.reporter.errors.length > 0;
  }

  urnOf(goal: Pick<Goal, "type" | "name" | "parent">): string {
    const { stack, project } = this.context;
    return makeUrn({ stack, project: project.name, ...goal });
  }

  /** Throws `duplicate-urn` for the second of a name. */
  begin(urn: string, goal: Goal): void {
    if (this.#registered.has(urn)) {
      throw new UnderstudyError(`Two resources of type ${goal.type} are called '${goal.name}'.`, {
        code: "duplicate-urn",
        path: urn,
        suggestion: "Give each resource of a type and parent a name of its own.",
      });
    }
    this.#registered.set(urn, { goal, key: undefined, state: undefined });
  }

  done(urn: string, key: string, state: ResourceState): void {
    const registered = this.#registered.get(urn);
    if (registered !== undefined) this.#registered.set(urn, { ...registered, key, state });
  }

  registered(urn: string): Registered | undefined {
    return this.#registered.get(urn);
  }

  isRegistered(urn: string): boolean {
    return this.#registered.has(urn);
  }

  /** The old row of the first of the URNs that has one; it is this resource's from now on. */
  claim(urns: readonly string[]): OldRow | undefined {
    const [urn = ""] = urns;
    for (const candidate of urns) {
      const key = this.#old.get(candidate);
      const state = key === undefined ? undefined : this.context.state.snapshot.get(key);
      if (key === undefined || state === undefined) continue;
      if (this.#claimed.has(key)) {
        throw new UnderstudyError(
          `Another resource already goes on with '${nameOf(candidate)}' by an alias.`,
          {
            code: "duplicate-alias",
            path: urn,
            suggestion: "Let one resource only have this alias.",
          },
        );
      }
      this.#claimed.add(key);
      if (candidate !== urn) this.#former.set(urn, candidate);
      return { key, state };
    }
    return undefined;
  }

  formerUrn(urn: string): string | undefined {
    return this.#former.get(urn);
  }

  /** Old rows to be deleted at the end: those that no resource of this run goes on with, and those that were replaced. */
  unwanted(): readonly OldRow[] {
    return this.context.state.snapshot
      .oldRows()
      .filter(([key, state]) => state.delete === true || !this.#claimed.has(key))
      .map(([key, state]) => ({ key, state }));
  }

  isClaimed(key: string): boolean {
    return this.#claimed.has(key);
  }

  markReplaced(urn: string): void {
    this.#replaced.add(urn);
  }

  isReplaced(urn: string): boolean {
    return this.#replaced.has(urn);
  }

  /** Whether something that it needs failed, so that it can't be tried. */
  dependsOnFailed(goal: Goal): boolean {
    const provider = goal.provider === undefined ? [] : [parseProviderReference(goal.provider).urn];
    return [...goal.dependencies, ...provider, goal.parent ?? ""].some((urn) => this.#failed.has(urn));
  }

  /** Whether a program's error only says that a resource failed which the engine failed before. */
  echoesFailure(message: string): boolean {
    return [...this.#failed].some(
      (urn) => message.includes(nameOf(urn)) && message.includes(`[${typeOf(urn)}]`),
    );
  }

  fail(urn: string): void {
    this.#failed.add(urn);
  }

  /** The provider that carries out a resource of this run. */
  async providerOf(reference: string, goal: Pick<Goal, "type" | "name">): Promise<ResourceProvider> {
    const provider = this.context.providers.get(reference);
    if (provider !== undefined) return provider;
    const { urn, id } = parseProviderReference(reference);
    const old = this.#oldProvider(urn, id);
    if (old !== undefined) return this.context.providers.fromState(old);
    throw new UnderstudyError(`The provider of ${goal.type} '${goal.name}' is not known: ${reference}.`, {
      code: "unknown-provider",
    });
  }

  #oldProvider(urn: string, id: string): ResourceState | undefined {
    return this.context.state.snapshot
      .resources()
      .find((state) => state.urn === urn && (state.id ?? "") === id);
  }

  /** The provider that made a resource of the last deployment, configured as it was then. */
  async makerOf(state: ResourceState): Promise<ResourceProvider> {
    if (state.provider === undefined || state.provider === "") return this.context.providers;
    return this.providerOf(state.provider, { type: state.type, name: nameOf(state.urn) });
  }

  /** A step as the reporter tells it. */
  stepOf(
    step: StepKind,
    state: Pick<ResourceState, "urn" | "type">,
    changes: readonly PropertyChange[] = [],
  ): StepInfo {
    return { step, urn: state.urn, type: state.type, name: nameOf(state.urn), changes };
  }

  /** Runs one step with its events. What it throws has been told when it throws. */
  async step<T>(info: StepInfo, work: () => Promise<T>): Promise<T> {
    const { reporter } = this.context;
    const startedAt = performance.now();
    reporter.start(info);
    try {
      const result = await work();
      reporter.end(info, startedAt);
      return result;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      reporter.endFailed(info, startedAt, faultText(error));
      throw new ReportedError(error);
    }
  }
}

/** An error that the reporter has told of. */
export class ReportedError extends Error {
  constructor(cause: unknown) {
    super("reported", { cause });
  }
}
