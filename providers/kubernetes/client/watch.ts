import { RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import { isRefusal } from "./errors.ts";
import { linesOf } from "./lines.ts";
import type { KubernetesObject } from "./object.ts";
import type { Listing } from "./query.ts";

/** What became of an object. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubernetesObject;
}

/** What a watch needs of the client. */
interface Source {
  list(options: CallOptions): Promise<Listing>;
  open(
    parameters: Readonly<Record<string, string | number | boolean>>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** The server ends a stream after this time, so that one that has silently died is noticed a little later. */
const streamSeconds = 55;
const silenceMs = (streamSeconds + 15) * 1000;
const slowestPauseMs = 10_000;

type Message = WatchEvent | { readonly type: "BOOKMARK"; readonly object: KubernetesObject } | "expired";

function messageIn(line: string): Message | undefined {
  const value: unknown = JSON.parse(line);
  if (!isJsonObject(value)) return undefined;
  const { type, object } = value;
  if (type === "ERROR") {
    const gone = isJsonObject(object) && object.code === 410;
    if (gone) return "expired";
    const said = isJsonObject(object) ? String(object.message ?? "") : "";
    throw new RetryableError(`The watch was ended by the API server: ${said}`, { code: "watch-failed" });
  }
  return { type, object } as Message;
}

const versionOf = (object: KubernetesObject): string => object.metadata.resourceVersion ?? "";
const keyOf = ({ metadata }: KubernetesObject): string =>
  metadata.uid ?? `${metadata.namespace ?? ""}/${metadata.name}`;

/** The changes that lead from what is known to what a list has shown; `known` is brought up to it. */
function* differences(
  known: Map<string, KubernetesObject>,
  items: readonly KubernetesObject[],
): Generator<WatchEvent> {
  const listed = new Set(items.map(keyOf));
  for (const [key, object] of known) {
    if (listed.has(key)) continue;
    known.delete(key);
    yield { type: "DELETED", object };
  }
  for (const object of items) {
    const before = known.get(keyOf(object));
    known.set(keyOf(object), object);
    if (before === undefined) yield { type: "ADDED", object };
    else if (versionOf(before) !== versionOf(object)) yield { type: "MODIFIED", object };
  }
}

/** One stream of changes, until the server or the line ends it. */
async function* stream(
  source: Source,
  resourceVersion: string,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silenceMs);
  const parameters = {
    watch: true,
    allowWatchBookmarks: true,
    timeoutSeconds: streamSeconds,
    resourceVersion,
  };
  try {
    const body = await source.open(parameters, AbortSignal.any([signal, silent.signal]));
    for await (const line of linesOf(body)) {
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silenceMs);
      const message = line === "" ? undefined : messageIn(line);
      if (message !== undefined) yield message;
    }
  } finally {
    clearTimeout(timer);
    // Also when the caller has had enough: the stream must not live on.
    silent.abort();
  }
}

/** See KubernetesClient.watch. */
export async function* watchFrom(
  source: Source,
  from: string | undefined,
  { signal: outer, timeoutMs }: CallOptions,
): AsyncGenerator<WatchEvent> {
  const timer = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs);
  const signals = [outer, timer].filter((item) => item !== undefined);
  const signal = signals.length === 0 ? new AbortController().signal : AbortSignal.any(signals);
  const known = new Map<string, KubernetesObject>();
  let version = from;
  let failures = 0;
  for (;;) {
    outer?.throwIfAborted();
    if (isOver(timer)) return;
    try {
      if (version === undefined) {
        const listing = await source.list({ signal });
        version = listing.resourceVersion;
        yield* differences(known, listing.items);
      }
      for await (const message of stream(source, version, signal)) {
        failures = 0;
        if (message === "expired") {
          version = undefined;
          break;
        }
        version = versionOf(message.object);
        if (message.type === "BOOKMARK") continue;
        if (message.type === "DELETED") known.delete(keyOf(message.object));
        else known.set(keyOf(message.object), message.object);
        yield message;
      }
    } catch (error) {
      outer?.throwIfAborted();
      if (isOver(timer)) return;
      if (isRefusal(error, "gone")) version = undefined;
      else if (error instanceof RetryableError || isBroken(error)) {
        failures++;
        await pause(Math.min(slowestPauseMs, 100 * 2 ** failures) * (0.5 + Math.random() / 2), signal);
      } else throw error;
    }
  }
}

function isOver(timer: AbortSignal | undefined): boolean {
  return timer?.aborted ?? false;
}

/** A stream that broke off: an error of the socket, or of JSON that was cut. */
function isBroken(error: unknown): boolean {
  if (error instanceof UnderstudyError) return false;
  return error instanceof SyntaxError || (error instanceof Error && "code" in error);
}

/** Ends early, and without an error, when the watch does. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
