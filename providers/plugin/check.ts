import type { z } from "zod";
import type { JsonObject } from "../../src/base/json.ts";
import { hasUnknown } from "./wire.ts";

/** One input that is wrong, as Pulumi shows it beside the resource. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export type Checked =
  | { readonly ok: true; readonly value: JsonObject }
  | { readonly ok: false; readonly failures: readonly CheckFailure[] };

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : at),
    value,
  );
}

/**
 * Checks and completes inputs. In a preview some are unknown still: what is wrong about those is left to the update,
 * which checks again.
 */
export function checkInputs(schema: z.ZodType, value: JsonObject): Checked {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data as JsonObject };
  const failures = result.error.issues
    .filter((issue) => !hasUnknown(valueAt(value, issue.path)))
    .map((issue) => ({ property: issue.path.join("."), reason: issue.message }));
  return failures.length === 0 ? { ok: true, value } : { ok: false, failures };
}
