import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { RetryableError, UnderstudyError } from "../../../../src/base/errors.ts";
import type { Log } from "../../../../src/base/log.ts";
import { TimeLimitError } from "../../../../src/base/time-limit.ts";
import { type KubernetesObject, refOf, titleOf } from "../../client/object.ts";
import type { ObjectClient } from "../client.ts";
import { readinessOf } from "./kinds.ts";
import type { Readiness } from "./look.ts";

const firstPauseMs = 200;
const longestPauseMs = 1_000;
/** How often a person is told what is being waited for. */
const wordEveryMs = 5_000;
/** For gathering reasons once the time is up. */
const explainMs = 5_000;

/** The object is there and didn't come up. */
export class NotReadyError extends UnderstudyError {
  readonly live: KubernetesObject;

  constructor(message: string, live: KubernetesObject, cause?: unknown) {
    super(message, { code: "not-ready", ...(cause === undefined ? {} : { cause }) });
    this.live = live;
  }
}

export interface Waiting {
  readonly log: Log;
  /** Ends when the time is up or the run is cancelled. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

/**
 * Waits until an object has come up, and gives it as it is then.
 * @throws NotReadyError saying what stands in its way, with the object as last seen
 */
export async function untilReady(
  client: ObjectClient,
  object: KubernetesObject,
  { log, signal, clock = systemClock }: Waiting,
): Promise<KubernetesObject> {
  const readiness = readinessOf(object);
  if (readiness === undefined) return object;
  const start = clock.monotonic();
  let live = object;
  let why = "it was not looked at yet";
  let nextWord = start + wordEveryMs;
  for (let pause = firstPauseMs; ; pause = Math.min(pause * 1.5, longestPauseMs)) {
    try {
      const wait = { first: object, waitedMs: clock.monotonic() - start };
      const look = await readiness.look(client, live, { signal }, wait);
      if (look.state === "ready") return live;
      why = look.why;
      if (look.state === "failed") throw await notReady(client, live, readiness, why);
      if (clock.monotonic() > nextWord) {
        const [reason = why] = (await readiness.explain?.(client, live, { signal })) ?? [];
        log.info(`${titleOf(refOf(live))}: ${reason}`);
        nextWord = clock.monotonic() + wordEveryMs;
      }
      await clock.sleep(pause, signal);
      live = await again(client, live, signal);
    } catch (error) {
      if (signal.aborted) throw await outOfTime(client, live, { readiness, why, signal });
      // An API server that is away for a moment says nothing about the object.
      if (!(error instanceof RetryableError)) throw error;
      await clock.sleep(pause, signal).catch(() => {});
    }
  }
}

async function again(client: ObjectClient, live: KubernetesObject, signal: AbortSignal) {
  const found = await client.get(refOf(live), { signal });
  if (found !== undefined) return found;
  throw new NotReadyError(`${titleOf(refOf(live))} was deleted while it came up.`, live);
}

async function outOfTime(
  client: ObjectClient,
  live: KubernetesObject,
  state: { readonly readiness: Readiness; readonly why: string; readonly signal: AbortSignal },
): Promise<unknown> {
  const { readiness, why } = state;
  const reason: unknown = state.signal.reason;
  const end =
    reason instanceof TimeLimitError
      ? `not ready within ${reason.seconds} s`
      : "not ready when the run was cancelled";
  return await notReady(client, live, readiness, `${end}: ${why}`);
}

async function notReady(client: ObjectClient, live: KubernetesObject, readiness: Readiness, why: string) {
  const options = { timeoutMs: explainMs };
  const reasons = (await readiness.explain?.(client, live, options).catch((): readonly string[] => [])) ?? [];
  const details = reasons.map((reason) => `\n${reason}`).join("");
  return new NotReadyError(`${titleOf(refOf(live))}: ${why}.${details}`, live);
}
