import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { Log } from "../../../src/base/log.ts";
import { endOf } from "../../../src/base/time-limit.ts";
import { type KubernetesObject, refOf, titleOf } from "../client/object.ts";
import { annotations, isSet } from "./annotations.ts";
import type { ObjectClient } from "./client.ts";

/** How an object is applied. */
export interface Applying {
  readonly manager: string;
  /** Take over what others manage. */
  readonly force: boolean;
  /** Of objects that name none. */
  readonly namespace: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/** A program's resources are made side by side: a namespace or definition that one needs may come a moment later. */
const missing = new Set(["unknown-kind", "no-such-namespace"]);
const patienceMs = [250, 500, 1_000, 2_000, 4_000];

/** Does work that may need what another resource is only about to make. */
export async function patiently<T>(
  work: () => Promise<T>,
  { log, signal, clock = systemClock }: Pick<Applying, "log" | "signal" | "clock">,
): Promise<T> {
  for (const pause of patienceMs) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnderstudyError) || !missing.has(error.code)) throw error;
      log.info(`${error.message} It may be on its way.`);
      await clock.sleep(pause, signal).catch(() => {});
      if (signal.aborted) throw endOf(signal, error.message);
    }
  }
  return await work();
}

/** Server-side apply, with the server's warnings in the log. */
export async function applyObject(
  client: ObjectClient,
  object: KubernetesObject,
  { manager, force, log, signal }: Applying,
): Promise<KubernetesObject> {
  const onWarning = (text: string) => log.warn(`${titleOf(refOf(object))}: ${text}`);
  const isForced = force || isSet(object, annotations.patchForce);
  return await client.apply(object, { fieldManager: manager, force: isForced, onWarning }, { signal });
}

/** Refuses to take for a new object what somebody else made: whoever forgets that resource would delete theirs. */
export function refuseTaken(live: KubernetesObject): void {
  const { managedFields } = live.metadata;
  const managers = Array.isArray(managedFields)
    ? [...new Set(managedFields.map((entry) => String((entry as { manager?: unknown }).manager)))]
    : [];
  const title = titleOf(refOf(live));
  const by = managers.length === 0 ? "" : ` (its managers: ${managers.join(", ")})`;
  throw new UnderstudyError(`${title} is there already, and this resource did not make it${by}.`, {
    code: "name-taken",
    path: title,
    suggestion: `Adopt it with the resource option import: "${[live.metadata.namespace, live.metadata.name].filter(Boolean).join("/")}", or delete it, or use another name. To take over whatever exists, set the provider's upsertExistingObjects.`,
  });
}
