import { randomBytes } from "node:crypto";
import { InputError, UnderstudyError } from "../base/errors.ts";
import { formerUrns } from "./aliases.ts";
import { type Deployment, type OldRow, ReportedError } from "./deployment.ts";
import { compareProperties, type Diff, noDiff, replaceOnChanges } from "./diff.ts";
import {
  createResource,
  deleteResource,
  type Place,
  readResource,
  targetOf,
  updateResource,
} from "./effects.ts";
import type { PropertyChange } from "./events.ts";
import { type Goal, inherit, stateOf } from "./goal.ts";
import { covers, ignoreChanges, parsePath, readPath } from "./property-path.ts";
import type { ResourceProvider } from "./provider.ts";
import { Replacements } from "./replacements.ts";
import type { ResourceState } from "./resource-state.ts";
import { CancelledError, throwIfCancelled } from "./run-context.ts";
import { type Decision, decide } from "./steps.ts";
import { parseProviderReference, providerPackage } from "./urn.ts";
import type { Properties } from "./values.ts";

/** What a registration gives back to the program. */
export interface Registration {
  readonly urn: string;
  /** Undefined when it failed. */
  readonly state: ResourceState | undefined;
}

/** One resource on its way: what is wanted, what there was, and who carries it out. */
interface Subject {
  readonly goal: Goal;
  readonly urn: string;
  readonly reference: string | undefined;
  readonly provider: ResourceProvider | undefined;
  readonly old: OldRow | undefined;
  readonly key: string;
  /** It was just read in; that it needs no more is no step of its own. */
  readonly isImported: boolean;
}

/** Registers the resources of a program, one call each; calls may overlap. */
export class Registrar {
  readonly #deployment: Deployment;
  readonly #replacements: Replacements;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#replacements = new Replacements(deployment);
    deployment.registerDefault = async (goal) => {
      const { state } = await this.register(goal);
      // It has been told why; those that need the provider need no word of their own.
      if (state === undefined) throw new ReportedError(new Error(`'${goal.type}' can't be used.`));
      return state;
    };
  }

  /** Throws only when the run was cancelled: a resource that fails is told to the reporter, and others go on. */
  async register(asked: Goal): Promise<Registration> {
    const deployment = this.#deployment;
    const { context } = deployment;
    throwIfCancelled(context);
    const parent = asked.parent === undefined ? undefined : deployment.registered(asked.parent)?.goal;
    const goal = inherit(asked, parent);
    const urn = deployment.urnOf(goal);
    context.reporter.learn(goal.inputs);
    try {
      deployment.begin(urn, goal);
      if (deployment.dependsOnFailed(goal)) throw new ReportedError("dependency");
      const reference = await this.#reference(goal);
      return { urn, state: await context.slots.run(() => this.#carryOut(urn, goal, reference)) };
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      deployment.fail(urn);
      if (!(error instanceof ReportedError)) context.reporter.fail(describeFault(error), urn);
      return { urn, state: undefined };
    }
  }

  async #reference(goal: Goal): Promise<string | undefined> {
    if (!goal.custom || providerPackage(goal.type) !== undefined) return undefined;
    return goal.provider ?? (await this.#deployment.defaultProvider(goal.type, goal.version));
  }

  async #carryOut(urn: string, goal: Goal, reference: string | undefined): Promise<ResourceState> {
    const deployment = this.#deployment;
    const { context } = deployment;
    await this.#replacements.settled(urn);
    const registration = { ...goal, stack: context.stack, project: context.project.name };
    const old = deployment.claim(formerUrns(urn, registration, (item) => deployment.formerUrn(item)));
    const provider = !goal.custom
      ? undefined
      : reference === undefined
        ? context.providers
        : await deployment.providerOf(reference, goal);
    const key = context.state.snapshot.newKey();
    const subject: Subject = { goal, urn, reference, provider, old, key, isImported: false };
    const state = await this.#act(subject);
    deployment.done(urn, subject.key, state);
    context.reporter.learn(state.outputs);
    return state;
  }

  async #act(subject: Subject): Promise<ResourceState> {
    const { goal, old, provider } = subject;
    const imports = goal.custom && goal.importId !== "" && !isImported(goal, old?.state);
    if (imports && provider !== undefined) return this.#import(subject, provider);
    const inputs = await this.#check(subject, old?.state);
    return this.#decideAndDo(subject, inputs, old?.state);
  }

  /** The inputs with the plugin's defaults. Throws every failure that the plugin names. */
  async #check({ goal, urn, provider }: Subject, current: ResourceState | undefined): Promise<Properties> {
    const olds = current === undefined || isFresh(current) ? undefined : current.inputs;
    const wanted = olds === undefined ? goal.inputs : ignoreChanges(goal.ignoreChanges, olds, goal.inputs);
    if (provider === undefined) return wanted;
    const { inputs, failures } = await provider.check(urn, olds ?? {}, wanted, randomBytes(32));
    if (failures.length === 0) return inputs;
    throw new InputError(
      failures.map(({ property, reason }) => ({ code: "check-failed", message: reason, path: property })),
      { path: urn },
    );
  }

  async #decideAndDo(
    subject: Subject,
    inputs: Properties,
    current: ResourceState | undefined,
  ): Promise<ResourceState> {
    const { goal, urn } = subject;
    const wanted = { ...stateOf(goal, urn, subject.reference, inputs) };
    const diff = await this.#diff(subject, inputs, current);
    const decision = decide(
      {
        urn,
        custom: goal.custom,
        protect: goal.protect ?? false,
        importId: goal.importId,
        deleteBeforeReplace: goal.deleteBeforeReplace,
      },
      current,
      diff,
    );
    return this.#do(subject, wanted, current, decision);
  }

  async #diff(subject: Subject, inputs: Properties, current: ResourceState | undefined): Promise<Diff> {
    const { goal, provider } = subject;
    if (current === undefined || isFresh(current)) return noDiff;
    const { context } = this.#deployment;
    if (await this.#providerForcesReplace(subject, current)) {
      return { changed: true, replaceKeys: ["provider"], deleteBeforeReplace: false, changes: [] };
    }
    if (goal.deletedWith !== undefined && this.#deployment.isReplaced(goal.deletedWith)) {
      return { changed: true, replaceKeys: ["deletedWith"], deleteBeforeReplace: false, changes: [] };
    }
    const own = (): Diff => {
      const changes = compareProperties(current.inputs, inputs);
      return { changed: changes.length > 0, replaceKeys: [], deleteBeforeReplace: false, changes };
    };
    if (provider === undefined || !current.custom) return own();
    if (!provider.isKnown) {
      context.reporter.log(
        "warning",
        "Its provider's configuration is not known yet, so the preview is a guess.",
        {
          urn: subject.urn,
        },
      );
      return { ...own(), changed: true };
    }
    const verdict = await provider.diff(targetOf(current), inputs, goal.ignoreChanges);
    if (verdict === "unknown") return replaceOnChanges(own(), goal.replaceOnChanges);
    const changes = verdict.changes.length > 0 || !verdict.changed ? verdict.changes : own().changes;
    return replaceOnChanges({ ...verdict, changes }, goal.replaceOnChanges);
  }

  async #providerForcesReplace({ reference }: Subject, current: ResourceState): Promise<boolean> {
    const before = current.provider ?? "";
    if (reference === undefined || before === reference) return false;
    if (before === "") return true;
    const { context } = this.#deployment;
    const oldUrn = parseProviderReference(before).urn;
    const now = this.#deployment.registered(parseProviderReference(reference).urn)?.state;
    if (now === undefined || this.#deployment.formerUrn(now.urn) === oldUrn) return false;
    const old = context.state.snapshot
      .resources()
      .find((state) => state.urn === oldUrn && state.id !== now.id);
    return old !== undefined && context.providers.mustReplace(old, now);
  }

  async #do(
    subject: Subject,
    wanted: ResourceState,
    current: ResourceState | undefined,
    decision: Decision,
  ): Promise<ResourceState> {
    const { provider } = subject;
    const place = this.#placeOver(subject);
    if (decision.step === "same" && current !== undefined) {
      const keep = (): Promise<ResourceState> => this.#keep(subject, wanted, current, place);
      return subject.isImported ? keep() : this.#step(subject, "same", [], keep);
    }
    if (decision.step === "update" && current !== undefined) {
      return this.#step(subject, "update", decision.diff.changes, async () =>
        provider === undefined
          ? this.#put({ ...wanted, outputs: current.outputs, created: current.created }, place)
          : updateResource(this.#deployment.context, provider, current, wanted, place),
      );
    }
    if (decision.step === "replace" && current !== undefined) {
      return this.#replace(subject, wanted, current, decision);
    }
    return this.#step(subject, "create", [], () => this.#make(subject, wanted, place));
  }

  #make({ provider }: Subject, wanted: ResourceState, place: Place): Promise<ResourceState> {
    if (provider === undefined) return this.#put(wanted, place);
    return createResource(this.#deployment.context, provider, wanted, place);
  }

  async #put(state: ResourceState, place: Place): Promise<ResourceState> {
    await this.#deployment.context.state.commit(place(state));
    return state;
  }

  /** The new row stands in place of the old one. */
  #placeOver({ key, old, urn }: Subject): Place {
    return (state) => ({
      set: [[key, state]],
      ...(old === undefined ? {} : { drop: [old.key] }),
      ...(old === undefined || old.state.urn === urn ? {} : { rename: [old.state.urn, urn] as const }),
    });
  }

  async #keep(
    subject: Subject,
    wanted: ResourceState,
    current: ResourceState,
    place: Place,
  ): Promise<ResourceState> {
    const { context } = this.#deployment;
    const kept: ResourceState = {
      ...wanted,
      // What a plugin calls no difference is none: the inputs it knows stay.
      ...(subject.goal.custom ? { inputs: current.inputs } : {}),
      id: current.id,
      outputs: current.outputs,
      created: current.created,
      modified: current.modified,
    };
    if (subject.provider === context.providers) await context.providers.same(kept);
    // Nothing happened outside, so nothing needs to wait for the disk.
    void context.state.commit(place(kept));
    return kept;
  }

  async #replace(
    subject: Subject,
    wanted: ResourceState,
    current: ResourceState,
    decision: Extract<Decision, { readonly step: "replace" }>,
  ): Promise<ResourceState> {
    const deployment = this.#deployment;
    const { goal, old, key } = subject;
    deployment.markReplaced(subject.urn);
    // Defaults that were carried over from the old resource must not bind the new one.
    const inputs =
      subject.provider === undefined || isFresh(current)
        ? wanted.inputs
        : await this.#check(subject, undefined);
    const state = { ...wanted, inputs };
    return this.#step(subject, "replace", decision.diff.changes, async () => {
      if (decision.deleteFirst && old !== undefined) {
        await this.#replacements.deleteDependents(current);
        const gone = { ...current, pendingReplacement: true };
        await deleteResource(deployment.context, (item) => deployment.makerOf(item), current, {
          set: [[old.key, gone]],
        });
        return this.#make({ ...subject, goal }, state, this.#placeOver(subject));
      }
      if (old === undefined || current.pendingReplacement === true) {
        return this.#make(subject, state, this.#placeOver(subject));
      }
      return this.#make(subject, state, (made) => ({
        set: [
          [key, made],
          [old.key, { ...current, delete: true }],
        ],
      }));
    });
  }

  async #import(subject: Subject, provider: ResourceProvider): Promise<ResourceState> {
    const { goal, urn, old } = subject;
    if (old !== undefined && old.state.external !== true) {
      throw new UnderstudyError(`'${goal.importId}' would be imported in place of '${old.state.id ?? ""}'.`, {
        code: "import-over",
        path: urn,
        suggestion: "Drop the import option, or give the imported resource another name.",
      });
    }
    const bare = { ...stateOf(goal, urn, subject.reference, {}), id: goal.importId };
    const found = await this.#step(subject, "import", [], async () => {
      const read = await readResource(provider, bare);
      if (read === undefined) {
        throw new UnderstudyError(`There is no ${goal.type} with the id '${goal.importId}' to import.`, {
          code: "import-missing",
          path: urn,
          suggestion: "Correct the import option.",
        });
      }
      const time = new Date().toISOString();
      return this.#put({ ...read, created: time, modified: time }, this.#placeOver(subject));
    });
    const inputs = await this.#check(subject, found);
    // From here on it is an ordinary resource, in its own row already.
    return this.#decideAndDo({ ...subject, old: undefined, isImported: true }, inputs, found);
  }

  #step(
    subject: Subject,
    step: "create" | "update" | "replace" | "same" | "import",
    changes: readonly PropertyChange[],
    work: () => Promise<ResourceState>,
  ): Promise<ResourceState> {
    const { goal, urn } = subject;
    const hidden = goal.hideDiffs.map(parsePath);
    const visible = changes.filter(({ path }) => !hidden.some((pattern) => covers(pattern, readPath(path))));
    return this.#deployment.step(this.#deployment.stepOf(step, { urn, type: goal.type }, visible), work);
  }
}

/** Nothing of the old one binds the new: it belongs to someone else, or is deleted already. */
function isFresh(state: ResourceState): boolean {
  return state.external === true || state.pendingReplacement === true;
}

function isImported(goal: Goal, old: ResourceState | undefined): boolean {
  if (old === undefined || old.external === true) return false;
  return (old.importID || old.id) === goal.importId;
}

function describeFault(error: unknown): string {
  if (error instanceof InputError) {
    return error.problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("; ");
  }
  return error instanceof Error ? error.message : String(error);
}
