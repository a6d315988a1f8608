import { z } from "zod";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type {
  ResourceContext,
  ResourceHandler,
  ResourceReading,
  ResourceState,
} from "../../../src/platform/handler.ts";
import { operationLimit } from "../../../src/platform/operation-limit.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { clientFor } from "../client/client.ts";
import { type KubernetesObject, refOf, valueAt } from "../client/object.ts";
import type { KubernetesConnection } from "../connection.ts";
import { annotationOf, annotations, isSet } from "./annotations.ts";
import { type Applying, applyObject, patiently, refuseTaken } from "./apply.ts";
import { autoname } from "./autoname.ts";
import type { ObjectClient } from "./client.ts";
import { leavingAlone } from "./ignored.ts";
import { immutableFields } from "./immutable.ts";
import { managerOf, wasAppliedBy } from "./manager.ts";
import { optionsOf } from "./options.ts";
import { at, find, idOf, objectOf, refOfId } from "./place.ts";
import { inputsAsLive, inputsOfImport, outputsOf } from "./reading.ts";
import { isTrue } from "./ready/conditions.ts";
import { NotReadyError, untilReady } from "./ready/until-ready.ts";
import { remove } from "./remove.ts";
import { replacementOf } from "./replacement.ts";
import { asProgram } from "./schema-keys.ts";
import type { ObjectType } from "./type.ts";

type Context = ResourceContext<KubernetesConnection>;

/** For a program that sets no time of its own. */
const defaultSeconds = 600;

const texts = z.record(z.string(), z.string());

function inputsOf({ apiVersion, kind }: ObjectType): z.ZodObject {
  return z.looseObject({
    apiVersion: z.string().default(apiVersion),
    kind: z.string().default(kind),
    metadata: z.looseObject({
      name: z.string().min(1),
      namespace: z.string().min(1).exactOptional(),
      labels: texts.exactOptional(),
      annotations: texts.exactOptional(),
    }),
  });
}

/** Carries out objects of one kind, whichever it is, by server-side apply. */
export function objectHandler(type: ObjectType): ResourceHandler<KubernetesConnection> {
  const isSecret = type.kind === "Secret" && type.group === "";
  return {
    inputs: inputsOf(type),
    replaceOn: immutableFields(type),
    replacement: (connection, olds, news) => replacementOf(type, optionsOf(connection), olds, news),
    complete: autoname,
    secrets: isSecret ? ["data", "stringData"] : [],
    stableOutputs: [
      "apiVersion",
      "kind",
      "metadata.name",
      "metadata.namespace",
      "metadata.uid",
      "metadata.creationTimestamp",
      "spec.clusterIP",
      "spec.clusterIPs",
    ],
    create: (context, inputs) => create(context, type, inputs),
    read: (context, id, known) => read(context, type, id, known),
    update: (context, current, inputs) => update(context, type, current, inputs),
    delete: (context, current) => destroy(context, type, current),
  };
}

/** The context with an end, and what every call needs. */
function openWith(context: Context, inputs: JsonObject, outputs: JsonObject) {
  const { namespace, patchForce, upsert } = optionsOf(context.connection);
  const asked = Number(annotationOf(inputs, annotations.timeoutSeconds) ?? Number.NaN);
  const seconds = context.timeoutSeconds ?? (Number.isFinite(asked) && asked > 0 ? asked : defaultSeconds);
  const own = context.timeoutSeconds === undefined ? [operationLimit(seconds)] : [];
  const signal = AbortSignal.any([context.signal, ...own]);
  const manager = managerOf(context.urn, inputs, outputs);
  const applying: Applying = { manager, force: patchForce, namespace, log: context.log, signal };
  const client: ObjectClient = clientFor(context.connection);
  return { client, applying, upsert };
}

async function create(context: Context, type: ObjectType, inputs: JsonObject): Promise<ResourceState> {
  const { client, applying, upsert } = openWith(context, inputs, {});
  const { signal, namespace, manager } = applying;
  const object = objectOf(type, inputs);
  const live = await patiently(async () => {
    const { ref, live: there } = await find(client, refOf(object), namespace, { signal });
    if (there !== undefined && !upsert && !wasAppliedBy(there, manager)) refuseTaken(there);
    return await applyObject(client, at(object, ref), applying);
  }, applying);
  return { id: idOf(refOf(live)), outputs: await comeUp(client, live, applying) };
}

async function update(
  context: Context,
  type: ObjectType,
  current: ResourceState & { readonly inputs: JsonObject },
  inputs: JsonObject,
): Promise<JsonObject> {
  const { client, applying } = openWith(context, inputs, current.outputs);
  const { signal, namespace, manager } = applying;
  const { ref, live } = await find(client, refOfId(type, current.id), namespace, { signal });
  const object = at(objectOf(type, inputs), ref);
  if (live !== undefined && isSet(object, annotations.replaceUnready) && isTrue(live, "Failed")) {
    await remove(client, ref, { inputs, uid: live.metadata.uid }, applying);
  }
  const asked =
    live === undefined ? object : leavingAlone(object, live, context.ignored ?? [], applying.manager);
  const applied = await applyObject(client, asked, { ...applying, manager });
  return await comeUp(client, applied, applying);
}

/** The outputs once the object has come up. */
async function comeUp(
  client: ObjectClient,
  applied: KubernetesObject,
  applying: Applying,
): Promise<JsonObject> {
  try {
    return outputs(await untilReady(client, applied, applying), applying);
  } catch (error) {
    const live = error instanceof NotReadyError ? error.live : applied;
    throw new PartialCreateError(error, { id: idOf(refOf(live)), outputs: outputs(live, applying) });
  }
}

function outputs(live: KubernetesObject, { manager }: Applying): JsonObject {
  return asProgram(outputsOf(live, manager));
}

async function read(
  context: Context,
  type: ObjectType,
  id: string,
  known: { readonly inputs: JsonObject; readonly outputs: JsonObject } | undefined,
): Promise<ResourceReading | undefined> {
  const { client, applying } = openWith(context, known?.inputs ?? {}, known?.outputs ?? {});
  const { signal, namespace, manager } = applying;
  const found = await find(client, refOfId(type, id), namespace, { signal }).catch(goneWithItsKind);
  const live = found?.live;
  if (live === undefined) return undefined;
  const inputs =
    known === undefined
      ? inputsOfImport(live)
      : await inputsAsLive(client, at(objectOf(type, known.inputs), refOf(live)), live, manager, { signal });
  return {
    id: idOf(refOf(live)),
    inputs: asKnown(asProgram(inputs), known?.inputs),
    outputs: outputs(live, applying),
  };
}

/** A program that leaves the namespace to the provider is not shown one. */
function asKnown(inputs: JsonObject, known: JsonObject | undefined): JsonObject {
  if (known === undefined || valueAt(known, "metadata.namespace") !== undefined) return inputs;
  const { namespace: _, ...metadata } = inputs.metadata as JsonObject;
  return { ...inputs, metadata };
}

async function destroy(
  context: Context,
  type: ObjectType,
  current: ResourceState & { readonly inputs: JsonObject },
): Promise<void> {
  const { client, applying } = openWith(context, current.inputs, current.outputs);
  const found = await find(client, refOfId(type, current.id), applying.namespace, {
    signal: applying.signal,
  }).catch(goneWithItsKind);
  if (found?.live === undefined) return;
  const uid = valueAt(current.outputs, "metadata.uid");
  await remove(client, found.ref, { inputs: current.inputs, uid }, applying);
}

/** Objects of a kind that the cluster no longer has went with its definition. */
function goneWithItsKind(error: unknown): undefined {
  if (error instanceof UnderstudyError && error.code === "unknown-kind") return undefined;
  throw error;
}
