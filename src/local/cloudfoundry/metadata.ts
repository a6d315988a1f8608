import { z } from "zod";
import type { Resource } from "./model.ts";

const key = z.string().regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, {
  message: "metadata key error: key contains invalid characters or is too long",
});
const labelValue = z.string().regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, {
  message: "metadata label value error: value contains invalid characters or is greater than 63 characters",
});

/** `metadata` of a request (cloud_controller_ng, metadata_base_message.rb): null removes a key. */
export const metadataSchema = z.strictObject({
  labels: z.record(key, labelValue.nullable()).optional(),
  annotations: z
    .record(
      key,
      z.string().max(5000, { message: "annotation value is greater than 5000 characters" }).nullable(),
    )
    .optional(),
});

function merged(
  old: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...old, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

export function mergeMetadata(object: Resource, changes: z.output<typeof metadataSchema> | undefined): void {
  object.labels = merged(object.labels, changes?.labels);
  object.annotations = merged(object.annotations, changes?.annotations);
}

/** The head that every object is shown with. */
export function presentHead(object: Resource): object {
  return { guid: object.guid, created_at: object.createdAt, updated_at: object.updatedAt };
}

export function presentMetadata(object: Resource): object {
  return { metadata: { labels: object.labels, annotations: object.annotations } };
}
