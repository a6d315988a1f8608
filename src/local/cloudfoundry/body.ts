import type { Context } from "hono";
import { z } from "zod";
import { parseError, unprocessable } from "./errors.ts";

const sentence = (path: readonly PropertyKey[], message: string) => {
  const name = path.map(String).join(".");
  return name === "" ? message : `${name.charAt(0).toUpperCase()}${name.slice(1)} ${message}`;
};

/** zod's issues in the API's words. */
function details(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => {
      if (issue.code === "unrecognized_keys") {
        const keys = issue.keys.map((key) => `'${key}'`).join(", ");
        return sentence(issue.path, `Unknown field(s): ${keys}`);
      }
      if (issue.code === "invalid_type") {
        return sentence(
          issue.path,
          issue.input === undefined ? "can't be blank" : `must be a ${issue.expected}`,
        );
      }
      return sentence(issue.path, issue.message);
    })
    .join(", ");
}

/** Checks a value as the API does: 422 for unknown fields and wrong values. */
export function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  throw unprocessable(details(result.error.issues));
}

/** The checked JSON body of a request: 400 when it isn't JSON. An empty body counts as `{}`. */
export async function body<T>(c: Context, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    throw parseError("Request invalid due to parse error: invalid request body");
  }
  return check(schema, value);
}

/** `{data: {guid}}` */
export const toOneSchema = z.strictObject({ data: z.strictObject({ guid: z.string() }) });
