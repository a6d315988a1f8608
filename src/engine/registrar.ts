import { randomBytes } from "node:crypto";
import { InputError } from "../base/errors.ts";
import { formerUrns } from "./aliases.ts";
import { DefaultProviders } from "./default-providers.ts";
import { type Deployment, ReportedError } from "./deployment.ts";
import { faultText } from "./fault.ts";
import { type Goal, inherit, stateOf } from "./goal.ts";
import { ignoreChanges } from "./property-path.ts";
import type { ResourceProvider } from "./provider.ts";
import { Replacements } from "./replacements.ts";
import { diffResource } from "./resource-diff.ts";
import type { ResourceState } from "./resource-state.ts";
import { ResourceSteps } from "./resource-steps.ts";
import { CancelledError, throwIfCancelled } from "./run-context.ts";
import { guardSecrets } from "./secrecy.ts";
import { decide } from "./steps.ts";
import { isFresh, type Subject } from "./subject.ts";
import { providerPackage } from "./urn.ts";
import type { Properties } from "./values.ts";

/** What a registration gives back to the program. */
export interface Registration {
  readonly urn: string;
  /** Undefined when it failed. */
  readonly state: ResourceState | undefined;
}

/**
 * Registers the resources of a program, one call each; calls may overlap. Each goes the same way: find its provider and
 * what there was of it, check the inputs, compare, decide, do.
 */
export class Registrar {
  readonly #deployment: Deployment;
  readonly #replacements: Replacements;
  readonly #steps: ResourceSteps;
  readonly defaults: DefaultProviders;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#replacements = new Replacements(deployment);
    this.#steps = new ResourceSteps(deployment, this.#replacements);
    const { config } = deployment.context;
    this.defaults = new DefaultProviders(config, async (goal) => (await this.register(goal)).state);
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
      if (deployment.dependsOnFailed(goal)) throw new ReportedError(undefined);
      const reference = await this.#reference(goal);
      return { urn, state: await context.slots.run(() => this.#carryOut(urn, goal, reference)) };
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      deployment.fail(urn);
      if (!(error instanceof ReportedError)) context.reporter.fail(faultText(error), urn);
      return { urn, state: undefined };
    }
  }

  async #reference(goal: Goal): Promise<string | undefined> {
    if (!goal.custom || providerPackage(goal.type) !== undefined) return undefined;
    return goal.provider ?? (await this.defaults.of(goal.type, goal.version));
  }

  async #carryOut(urn: string, goal: Goal, reference: string | undefined): Promise<ResourceState> {
    const deployment = this.#deployment;
    const { context } = deployment;
    await this.#replacements.settled(urn);
    const registration = { ...goal, stack: context.stack, project: context.project.name };
    const old = deployment.claim(formerUrns(urn, registration, (item) => deployment.formerUrn(item)));
    const provider = await this.#provider(goal, reference);
    const key = context.state.snapshot.newKey();
    const state = await this.#act({ goal, urn, reference, provider, old, key, isImported: false });
    deployment.done(urn, key, state);
    context.reporter.learn(state.outputs);
    return state;
  }

  async #provider(goal: Goal, reference: string | undefined): Promise<ResourceProvider | undefined> {
    if (!goal.custom) return undefined;
    return reference === undefined
      ? this.#deployment.context.providers
      : this.#deployment.providerOf(reference, goal);
  }

  async #act(subject: Subject): Promise<ResourceState> {
    const { goal, old, provider } = subject;
    if (provider === undefined || !isToImport(goal, old?.state))
      return this.#decideAndDo(subject, old?.state);
    const found = await this.#steps.import(subject, provider);
    return this.#decideAndDo({ ...subject, old: undefined, isImported: true }, found);
  }

  async #decideAndDo(subject: Subject, current: ResourceState | undefined): Promise<ResourceState> {
    const { goal, urn, reference } = subject;
    const inputs = await this.#check(subject, current);
    const wanted = stateOf(goal, urn, reference, inputs);
    const decision = decide(
      {
        urn,
        custom: goal.custom,
        protect: goal.protect ?? false,
        importId: goal.importId,
        deleteBeforeReplace: goal.deleteBeforeReplace,
      },
      current,
      await diffResource(this.#deployment, subject, inputs, current),
    );
    if (current === undefined || decision.step === "create") return this.#steps.create(subject, wanted);
    if (decision.step === "same") return this.#steps.same(subject, wanted, current);
    if (decision.step === "update") return this.#steps.update(subject, wanted, current, decision);
    // Defaults that were carried over from the old one must not bind the new one.
    const anew = isFresh(current) ? inputs : await this.#check(subject, undefined);
    return this.#steps.replace(subject, { ...wanted, inputs: anew }, current, decision);
  }

  /** The inputs with the plugin's defaults. Throws every failure that the plugin names. */
  async #check({ goal, urn, provider }: Subject, current: ResourceState | undefined): Promise<Properties> {
    const olds = current === undefined || isFresh(current) ? undefined : current.inputs;
    const wanted = olds === undefined ? goal.inputs : ignoreChanges(goal.ignoreChanges, olds, goal.inputs);
    if (provider === undefined) return wanted;
    const { inputs, failures } = await provider.check(urn, olds ?? {}, wanted, randomBytes(32));
    if (failures.length === 0) return guardSecrets(inputs, wanted);
    throw new InputError(
      failures.map(({ property, reason }) => ({ code: "check-failed", message: reason, path: property })),
      { path: urn },
    );
  }
}

/** Whether the program asks to adopt something that the stack does not have yet. */
function isToImport(goal: Goal, old: ResourceState | undefined): boolean {
  if (!goal.custom || goal.importId === "") return false;
  return old === undefined || old.external === true || (old.importID || old.id) !== goal.importId;
}
