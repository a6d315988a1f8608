import { UnderstudyError } from "../../../../src/base/errors.ts";
import type { CallOptions } from "../../../../src/platform/contract.ts";
import { type KubernetesObject, valueAt } from "../../client/object.ts";
import type { ListQuery } from "../../client/query.ts";
import type { ObjectClient } from "../client.ts";

/** A list that only serves an explanation: who may not see it gets none. */
export async function seen(
  client: ObjectClient,
  query: ListQuery,
  options: CallOptions,
): Promise<readonly KubernetesObject[]> {
  try {
    return await client.list(query, options);
  } catch (error) {
    if (error instanceof UnderstudyError) return [];
    throw error;
  }
}

/** What the cluster warns of about an object, the newest first. */
export async function warningsOf(
  client: ObjectClient,
  { metadata }: KubernetesObject,
  options: CallOptions,
): Promise<readonly { readonly reason: string; readonly message: string }[]> {
  const { namespace, uid } = metadata;
  if (namespace === undefined || uid === undefined) return [];
  const fieldSelector = `involvedObject.uid=${uid},type=Warning`;
  const events = await seen(client, { apiVersion: "v1", kind: "Event", namespace, fieldSelector }, options);
  return [...events]
    .sort((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
    .map((event) => ({ reason: String(event.reason ?? ""), message: String(event.message ?? "") }));
}

function timeOf(event: KubernetesObject): string {
  const times = [event.lastTimestamp, valueAt(event, "series.lastObservedTime"), event.eventTime];
  return String(times.find((time) => typeof time === "string") ?? event.metadata.creationTimestamp ?? "");
}
