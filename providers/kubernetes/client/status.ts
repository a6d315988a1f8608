import { z } from "zod";

const causeSchema = z.object({
  reason: z.string().default(""),
  message: z.string().default(""),
  field: z.string().default(""),
});

/** Kubernetes' own account of a refusal (apimachinery, meta/v1 Status). */
const statusSchema = z.object({
  kind: z.literal("Status"),
  message: z.string().default(""),
  reason: z.string().default(""),
  code: z.number().default(0),
  details: z
    .object({
      name: z.string().default(""),
      kind: z.string().default(""),
      causes: z.array(causeSchema).default([]),
      retryAfterSeconds: z.number().default(0),
    })
    .prefault({}),
});

export type Status = z.output<typeof statusSchema>;
export type StatusCause = z.output<typeof causeSchema>;

/** The status that an answer's body holds, or undefined when it is something else, e.g. a proxy's page. */
export function statusIn(text: string): Status | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const result = statusSchema.safeParse(value);
  return result.success ? result.data : undefined;
}
