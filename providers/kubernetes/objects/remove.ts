import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { InputError, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";
import type { Log } from "../../../src/base/log.ts";
import { type KubernetesObject, type ObjectRef, titleOf, valueAt } from "../client/object.ts";
import { annotationOf, annotations } from "./annotations.ts";
import type { ObjectClient } from "./client.ts";

export interface Removing {
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

const longestPauseMs = 1_000;
const wordEveryMs = 5_000;

function propagationOf(inputs: JsonObject): "Foreground" | "Background" {
  const text = annotationOf(inputs, annotations.deletionPropagation)?.toLowerCase() ?? "foreground";
  if (text === "foreground") return "Foreground";
  if (text === "background") return "Background";
  throw new InputError([
    {
      code: "bad-propagation",
      path: `metadata.annotations["${annotations.deletionPropagation}"]`,
      message: `'${text}' is no way to delete that is supported here.`,
      suggestion:
        "Write foreground or background; to keep what the object owns, use the package's own plugin.",
    },
  ]);
}

/** Deletes an object and waits until it is gone. One that was made anew by somebody else is let be. */
export async function remove(
  client: ObjectClient,
  ref: ObjectRef,
  known: { readonly inputs: JsonObject; readonly uid: Json | undefined },
  { log, signal, clock = systemClock }: Removing,
): Promise<void> {
  const propagation = propagationOf(known.inputs);
  const uid = typeof known.uid === "string" ? known.uid : (await client.get(ref, { signal }))?.metadata.uid;
  if (uid === undefined) return;
  await client.delete(ref, { propagation, uid }, { signal });
  let live: KubernetesObject | undefined;
  let nextWord = clock.monotonic() + wordEveryMs;
  try {
    for (let pause = 100; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
      live = await look(client, ref, live, signal);
      if (live === undefined || live.metadata.uid !== uid) return;
      if (clock.monotonic() > nextWord) {
        log.info(`${titleOf(ref)} is still there: ${hindrance(live)}`);
        nextWord = clock.monotonic() + wordEveryMs;
      }
      await clock.sleep(pause, signal);
    }
  } catch (error) {
    if (!signal.aborted || live === undefined) throw error;
    throw new UnderstudyError(`${titleOf(ref)} was told to go and is still there: ${hindrance(live)}`, {
      code: "still-there",
      path: titleOf(ref),
      cause: error,
      suggestion: "See to what holds it, and delete again: what was begun goes on.",
    });
  }
}

async function look(
  client: ObjectClient,
  ref: ObjectRef,
  last: KubernetesObject | undefined,
  signal: AbortSignal,
): Promise<KubernetesObject | undefined> {
  try {
    return await client.get(ref, { signal });
  } catch (error) {
    if (error instanceof RetryableError && !signal.aborted && last !== undefined) return last;
    throw error;
  }
}

/** What keeps an object that is being deleted. */
function hindrance(live: KubernetesObject): string {
  const conditions = valueAt(live, "status.conditions");
  const remaining = (Array.isArray(conditions) ? conditions : []).flatMap((item: Json) =>
    isJsonObject(item) && item.status === "True" && /Remaining|Failure|Failed/.test(String(item.type))
      ? [String(item.message)]
      : [],
  );
  if (remaining.length > 0) return remaining.join("; ");
  const { finalizers } = live.metadata;
  return Array.isArray(finalizers) && finalizers.length > 0
    ? `it waits for the finalizers ${finalizers.join(", ")}`
    : "it has no finalizer, so its end is under way";
}
