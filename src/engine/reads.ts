import { NotFoundError } from "../base/errors.ts";
import type { DefaultProviders } from "./default-providers.ts";
import { type Deployment, ReportedError } from "./deployment.ts";
import { readResource } from "./effects.ts";
import { faultText } from "./fault.ts";
import { type Goal, plainGoal, stateOf } from "./goal.ts";
import type { Invoked } from "./provider.ts";
import type { ResourceState } from "./resource-state.ts";
import { CancelledError, throwIfCancelled } from "./run-context.ts";
import { guardSecrets } from "./secrecy.ts";
import type { Change } from "./snapshot.ts";
import { hasUnknown, type Properties, unknownValue } from "./values.ts";

/** A resource that the program reads and does not own. */
export interface ReadRequest {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly inputs: Properties;
  readonly dependencies: readonly string[];
  readonly provider: string | undefined;
  readonly version: string | undefined;
  readonly additionalSecretOutputs: readonly string[];
}

export interface InvokeRequest {
  readonly token: string;
  readonly args: Properties;
  readonly provider: string | undefined;
  readonly version: string | undefined;
}

/** What a program asks of plugins without owning what it asks about. */
export class Reads {
  readonly #deployment: Deployment;
  readonly #defaults: DefaultProviders;

  constructor(deployment: Deployment, defaults: DefaultProviders) {
    this.#deployment = deployment;
    this.#defaults = defaults;
  }

  /** Reads a resource of someone else; it stands in the state as external. */
  async read(request: ReadRequest): Promise<{ readonly urn: string; readonly outputs: Properties }> {
    const deployment = this.#deployment;
    const { context } = deployment;
    throwIfCancelled(context);
    const goal: Goal = { ...plainGoal(request.type, request.name), ...request };
    const urn = deployment.urnOf(goal);
    context.reporter.learn(goal.inputs);
    try {
      deployment.begin(urn, goal);
      const reference = request.provider ?? (await this.#defaults.of(request.type, request.version));
      const state = await context.slots.run(() => this.#readNow(request, goal, urn, reference));
      return { urn, outputs: state.outputs };
    } catch (error) {
      deployment.fail(urn);
      if (error instanceof ReportedError) throw error.cause;
      if (!(error instanceof CancelledError)) context.reporter.fail(faultText(error), urn);
      throw error;
    }
  }

  async #readNow(request: ReadRequest, goal: Goal, urn: string, reference: string): Promise<ResourceState> {
    const deployment = this.#deployment;
    const { context } = deployment;
    const bare: ResourceState = {
      ...stateOf(goal, urn, reference, request.inputs),
      id: request.id,
      external: true,
      // Plugins have always been sent the inputs as state for such a read, as nothing else is known.
      outputs: request.inputs,
    };
    const old = deployment.claim([urn]);
    const key = context.state.snapshot.newKey();
    // In a preview the id may come from a resource that isn't there yet.
    const isKnown = request.id !== unknownValue && !hasUnknown(request.inputs);
    const provider = await deployment.providerOf(reference, goal);
    const state = await deployment.step(deployment.stepOf("read", { urn, type: goal.type }), async () => {
      if (!isKnown || !provider.isKnown) return { ...bare, outputs: {} };
      const found = await readResource(provider, bare);
      if (found !== undefined) return found;
      throw new NotFoundError(`There is no ${request.type} with the id '${request.id}'.`, {
        code: "read-missing",
        path: urn,
        suggestion: "Correct the id, or the credentials that are used to look for it.",
      });
    });
    await context.state.commit(this.#place(state, key, old));
    deployment.done(urn, key, state);
    context.reporter.learn(state.outputs);
    return state;
  }

  /** A resource that the stack owned under this name is deleted at the end, unless it is the very one. */
  #place(
    state: ResourceState,
    key: string,
    old: { readonly key: string; readonly state: ResourceState } | undefined,
  ): Change {
    if (old === undefined) return { set: [[key, state]] };
    const isOther = old.state.external !== true && old.state.id !== state.id;
    const set = [[key, state] as const];
    return isOther ? { set: [...set, [old.key, { ...old.state, delete: true }]] } : { set, drop: [old.key] };
  }

  async invoke(request: InvokeRequest): Promise<Invoked> {
    const deployment = this.#deployment;
    const { context } = deployment;
    throwIfCancelled(context);
    const reference = request.provider ?? (await this.#defaults.of(request.token, request.version));
    const provider = await deployment.providerOf(reference, { type: request.token, name: "" });
    if (!provider.isKnown) return { result: {}, failures: [] };
    context.reporter.learn(request.args);
    const { result, failures } = await provider.invoke(request.token, request.args, context.preview);
    return { result: guardSecrets(result, request.args), failures };
  }
}
