import { randomUUID } from "node:crypto";
import type { AppSpec, ProcessSpec } from "../runtime/contract.ts";
import { sizeOf } from "./catalog.ts";
import { invalidParams, notFound } from "./http/error.ts";
import type { AppRecord, FormationRecord, SlugRecord } from "./model.ts";
import { now } from "./store.ts";

/** A web process has this long to listen on $PORT (R10). */
const bootTimeoutSeconds = 60;

/** Makes the formation follow a slug: types that are new start with one web, others with none. */
export function syncFormation(app: AppRecord, slug: SlugRecord): void {
  const types = Object.keys(slug.processTypes).sort();
  app.formation = types.map(
    (type) =>
      app.formation.find((entry) => entry.type === type) ?? {
        id: randomUUID(),
        type,
        quantity: type === "web" ? 1 : 0,
        size: "Basic",
        createdAt: now(),
        updatedAt: now(),
      },
  );
}

export interface FormationChange {
  readonly type: string;
  /** A number, or one with a sign that counts from what is. */
  readonly quantity?: number | string | undefined;
  readonly size?: string | undefined;
}

function quantityOf(entry: FormationRecord, asked: number | string): number {
  if (typeof asked === "string" && !/^[+-]?\d+$/.test(asked)) {
    throw invalidParams(`Quantity '${asked}' is not a whole number.`);
  }
  const isRelative = typeof asked === "string" && /^[+-]/.test(asked);
  const quantity = isRelative ? entry.quantity + Number(asked) : Number(asked);
  if (!Number.isInteger(quantity) || quantity < 0) throw invalidParams("Quantity must be 0 or more.");
  return quantity;
}

/** All changes or none: the first that can't be made is answered with its error. */
export function changeFormation(
  app: AppRecord,
  changes: readonly FormationChange[],
): readonly FormationRecord[] {
  const made = changes.map(({ type, quantity, size }) => {
    const entry = app.formation.find((candidate) => candidate.type === type);
    if (entry === undefined) throw notFound("process_type");
    return {
      entry,
      quantity: quantity === undefined ? entry.quantity : quantityOf(entry, quantity),
      size: size === undefined ? entry.size : sizeOf(size),
    };
  });
  for (const { entry, quantity, size } of made) Object.assign(entry, { quantity, size, updatedAt: now() });
  return made.map(({ entry }) => entry);
}

/** The release command is run by the release phase, never as part of the formation. */
const releaseType = "release";

/** What the runtime has to run for a release. */
export function specOf(app: AppRecord, slug: SlugRecord, built: string, env: AppSpec["env"]): AppSpec {
  const processes = Object.entries(slug.processTypes).flatMap(([type, command]): [string, ProcessSpec][] => {
    const quantity = app.formation.find((entry) => entry.type === type)?.quantity ?? 0;
    if (type === releaseType) return [];
    const health =
      type === "web"
        ? ({ type: "port", startTimeoutSeconds: bootTimeoutSeconds } as const)
        : ({ type: "process" } as const);
    return [[type, { command: withProfile(command), quantity, health }]];
  });
  return { slug: built, env, processes: Object.fromEntries(processes) };
}

/** Dynos read the scripts of `.profile.d` before their command (Dev Center, "Buildpack API"). */
export function withProfile(command: string): string {
  return `if [ -d .profile.d ]; then for script in .profile.d/*.sh; do . "$script"; done; fi; ${command}`;
}
