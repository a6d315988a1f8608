import type { Context } from "hono";
import { z } from "zod";
import { ApiError, invalidParams } from "./error.ts";

/** The request's JSON, checked: 400 when it isn't JSON, 422 when a field is missing, unknown or wrong. */
export async function bodyOf<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw new ApiError(400, "bad_request", "The request's body is not valid JSON.");
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === "unrecognized_keys")
    throw invalidParams(`Unknown parameter: ${issue.keys.join(", ")}.`);
  const where = issue === undefined || issue.path.length === 0 ? "body" : issue.path.join(".");
  throw invalidParams(`Parameter ${where}: ${issue?.message ?? "is wrong"}.`);
}

/** A resource named by a string, or by an object with its id or name, as some clients send it. */
export const identity = z.union([
  z.string(),
  z.object({ name: z.string() }).transform(({ name }) => name),
  z.object({ id: z.string() }).transform(({ id }) => id),
]);
