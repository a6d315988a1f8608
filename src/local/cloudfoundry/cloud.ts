import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { FaceOptions } from "../face.ts";
import type { LogEntry, Runtime } from "../runtime/contract.ts";
import { notFound } from "./errors.ts";
import type { App, Binding, Model, Resource, Started } from "./model.ts";

/**
 * Tells the runtime what should run. What an app's instances were started with is frozen in `app.running`, as on Cloud
 * Foundry: only a start, restart or deployment takes up a new environment, droplet or command; scaling does not.
 */
export interface Runner {
  // Each settles once the runtime has accepted it: what is read afterwards shows that it has begun.
  /** Stops what runs and starts everything anew. */
  start(app: App): Promise<void>;
  stop(app: App): Promise<void>;
  /** Takes up the present droplet, environment and commands instance by instance; settles when all are up. */
  roll(app: App): Promise<void>;
  /** Goes back to what ran before. */
  restore(app: App, previous: Started): Promise<void>;
  /** Takes up changed numbers of instances. */
  scale(app: App): Promise<void>;
  /** Stops an app and forgets it. */
  remove(app: App): Promise<void>;
}

/** A log line with the time by which log-cache is read. */
export interface Envelope {
  /** Nanoseconds since 1970; unique within an app. */
  readonly timestamp: bigint;
  readonly entry: LogEntry;
}

/** Lines of each app with the unique times by which log-cache is read. */
export interface LogCache {
  read(app: string): readonly Envelope[];
  /** Adds a line of the platform, e.g. from staging. */
  append(app: string, source: string, text: string, stream?: "out" | "err"): void;
  /** Begins to keep an app's lines. */
  follow(app: string): void;
  forget(app: string): void;
}

/** The uploaded bits of packages, on disk. */
export interface Bits {
  /** Gives the SHA-256 in hex. */
  write(packageGuid: string, content: Uint8Array): Promise<string>;
  read(packageGuid: string): Promise<Uint8Array>;
  remove(packageGuid: string): Promise<void>;
}

/** Log drains: what a binding to a user-provided instance with a syslog drain URL sets going. */
export interface Drains {
  start(binding: Binding): void;
  stop(binding: string): void;
}

/** What every family of endpoints works with. */
export interface Cloud {
  readonly runtime: Runtime;
  readonly options: FaceOptions;
  readonly model: Model;
  readonly clock: Clock;
  readonly logs: LogCache;
  readonly bits: Bits;
  readonly drains: Drains;
  readonly runner: Runner;
  /** Keeps the model on disk; told after every change. */
  save(): void;
  /** Work that goes on after its answer; awaited when the face is closed. */
  background(work: Promise<void>): void;
}

/** As the API writes times: RFC 3339 without fractions. */
export function timestamp(cloud: Pick<Cloud, "clock">): string {
  return new Date(cloud.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
}

/** What a new object starts with; an app's web process has the app's own guid. */
export function resource(cloud: Pick<Cloud, "clock">, guid: string = randomUUID()): Resource {
  const now = timestamp(cloud);
  return { guid, createdAt: now, updatedAt: now, labels: {}, annotations: {} };
}

/** The object of that guid, or the API's 404 naming `what`. */
export function find<T>(table: Readonly<Record<string, T>>, guid: string | undefined, what: string): T {
  return found(guid === undefined ? undefined : table[guid], what);
}

/** What was looked for, or the API's 404 naming `what`. */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw notFound(what);
  return value;
}

/** Marks an object as changed now. */
export function touch(cloud: Cloud, object: Resource): void {
  object.updatedAt = timestamp(cloud);
  cloud.save();
}

export function link(cloud: Cloud, path: string, method?: string): object {
  return { href: `${cloud.options.url}${path}`, ...(method === undefined ? {} : { method }) };
}

export const toOne = (guid: string | undefined) => ({ data: guid === undefined ? null : { guid } });
