import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { FaceOptions } from "../face.ts";
import type { Runtime } from "../runtime/contract.ts";
import type { Bits } from "./bits.ts";
import type { Drains } from "./drains.ts";
import { notFound } from "./errors.ts";
import type { LogCache } from "./log-cache.ts";
import type { Model, Resource } from "./model.ts";
import type { Runner } from "./runner.ts";

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
