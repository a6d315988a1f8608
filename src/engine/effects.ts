import { UnderstudyError } from "../base/errors.ts";
import type { LiveResource, ResourceProvider, Target } from "./provider.ts";
import { InitFailedError, ProviderError } from "./provider-error.ts";
import type { ResourceState } from "./resource-state.ts";
import { type RunContext, throwIfCancelled } from "./run-context.ts";
import { guardSecrets } from "./secrecy.ts";
import type { Change, Operation } from "./snapshot.ts";

/** The resource was made or changed, but did not come up. It has been kept as far as it got. */
class PartialFailure extends UnderstudyError {
  constructor(error: InitFailedError) {
    super(`${error.message} (it exists; the next update goes on with it)`, {
      code: "init-failed",
      cause: error,
    });
  }
}

/** How a resource's new state enters the snapshot. */
export type Place = (state: ResourceState) => Change;

export function targetOf(state: ResourceState): Target {
  return { urn: state.urn, id: state.id ?? "", inputs: state.inputs, outputs: state.outputs };
}

function now(): string {
  return new Date().toISOString();
}

/**
 * Carries out an outside effect: on the disk as begun before, and with its outcome after. Work that failed half-way
 * gives what there is, and the failure to throw once that is kept.
 */
async function effect(
  context: RunContext,
  operation: Operation,
  work: () => Promise<{ readonly change: Change; readonly failure?: Error }>,
): Promise<void> {
  throwIfCancelled(context);
  const { state } = context;
  const number = state.snapshot.newNumber();
  await state.commit({ begin: { number, operation } });
  const outcome = await work().catch(async (error: unknown) => {
    // When the connection broke, nobody knows what came of the call: it stays pending, for the next run to tell of.
    if (!(error instanceof ProviderError && error.isConnectionLost)) await state.commit({ end: number });
    throw error;
  });
  await state.commit({ ...outcome.change, end: number });
  if (outcome.failure !== undefined) throw outcome.failure;
}

/** What a call gave: a whole resource, or as far as it got. */
interface Made extends LiveResource {
  readonly initErrors: readonly string[];
  readonly failure?: PartialFailure;
}

async function makeOrPart(work: () => Promise<LiveResource>): Promise<Made> {
  try {
    return { ...(await work()), initErrors: [] };
  } catch (error) {
    if (!(error instanceof InitFailedError)) throw error;
    const { id, outputs, inputs, reasons } = error;
    const failure = new PartialFailure(error);
    return { id, outputs, initErrors: reasons, failure, ...(inputs === undefined ? {} : { inputs }) };
  }
}

function withOutputs(state: ResourceState, outputs: ResourceState["outputs"]): ResourceState {
  return { ...state, outputs: guardSecrets(outputs, state.inputs, state.additionalSecretOutputs) };
}

/** What a plugin that can't tell beforehand leaves of a resource in a preview. */
function unforeseen(provider: ResourceProvider, state: ResourceState): ResourceState | undefined {
  if (!provider.isKnown) return { ...state, outputs: {} };
  return provider.supportsPreview ? undefined : { ...state, outputs: state.inputs };
}

export async function createResource(
  context: RunContext,
  provider: ResourceProvider,
  state: ResourceState,
  place: Place,
): Promise<ResourceState> {
  const settings = { preview: context.preview, timeout: state.customTimeouts?.create ?? 0 };
  if (context.preview) {
    const foreseen = unforeseen(provider, state);
    const live = foreseen ?? (await provider.create(state.urn, state.inputs, settings));
    const made = { ...withOutputs(state, live.outputs), id: live.id === "" ? undefined : live.id };
    await context.state.commit(place(made));
    return made;
  }
  let made = state;
  await effect(context, { type: "creating", resource: state }, async () => {
    const live = await makeOrPart(() => provider.create(state.urn, state.inputs, settings));
    if (live.id === "") {
      throw (
        live.failure ?? new UnderstudyError("The plugin made a resource and gave no id.", { code: "no-id" })
      );
    }
    const time = now();
    made = {
      ...withOutputs(state, live.outputs),
      id: live.id,
      initErrors: live.initErrors,
      created: time,
      modified: time,
    };
    return { change: place(made), ...(live.failure === undefined ? {} : { failure: live.failure }) };
  });
  return made;
}

export async function updateResource(
  context: RunContext,
  provider: ResourceProvider,
  old: ResourceState,
  wanted: ResourceState,
  place: Place,
): Promise<ResourceState> {
  const settings = { preview: context.preview, timeout: wanted.customTimeouts?.update ?? 0 };
  const ignored = wanted.ignoreChanges ?? [];
  const state: ResourceState = { ...wanted, id: old.id, created: old.created };
  if (context.preview) {
    const foreseen = unforeseen(provider, state);
    const outputs =
      foreseen?.outputs ?? (await provider.update(targetOf(old), state.inputs, ignored, settings));
    const made = withOutputs(state, outputs);
    await context.state.commit(place(made));
    return made;
  }
  let made = state;
  await effect(context, { type: "updating", resource: state }, async () => {
    const live = await makeOrPart(async () => ({
      id: state.id ?? "",
      outputs: await provider.update(targetOf(old), state.inputs, ignored, settings),
    }));
    made = { ...withOutputs(state, live.outputs), initErrors: live.initErrors, modified: now() };
    return { change: place(made), ...(live.failure === undefined ? {} : { failure: live.failure }) };
  });
  return made;
}

/** Whether deleting the resource asks anything of a plugin. */
function isDeletedOutside(state: ResourceState, isDeleted: (urn: string) => boolean): boolean {
  if (!state.custom || state.external === true || state.retainOnDelete === true) return false;
  return state.deletedWith === undefined || state.deletedWith === "" || !isDeleted(state.deletedWith);
}

/** Deletes a resource; `change` is what becomes of its row. `isDeleted` tells of the one that it is deleted with. */
export async function deleteResource(
  context: RunContext,
  provider: (state: ResourceState) => Promise<ResourceProvider>,
  state: ResourceState,
  change: Change,
  isDeleted: (urn: string) => boolean = () => false,
): Promise<void> {
  if (context.preview || !isDeletedOutside(state, isDeleted)) {
    throwIfCancelled(context);
    await context.state.commit(change);
    return;
  }
  const deleter = await provider(state);
  await effect(context, { type: "deleting", resource: state }, async () => {
    await deleter.delete(targetOf(state), state.customTimeouts?.delete ?? 0);
    return { change };
  });
}

/** What a read found: the resource's new state, or undefined when it is gone. Reads change nothing outside. */
export async function readResource(
  provider: ResourceProvider,
  state: ResourceState,
): Promise<ResourceState | undefined> {
  const live = await makeOrPart(() => provider.read(targetOf(state), state.customTimeouts?.read ?? 0));
  if (live.id === "") {
    if (live.failure !== undefined) throw live.failure;
    return undefined;
  }
  // A plugin that reads knows nothing of secrets; the state does.
  const inputs = live.inputs === undefined ? state.inputs : guardSecrets(live.inputs, state.inputs);
  const found = { ...state, id: live.id, inputs, initErrors: live.initErrors };
  return withOutputs(found, guardSecrets(live.outputs, state.outputs));
}
