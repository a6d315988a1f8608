import { isDeepStrictEqual } from "node:util";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../../src/base/json.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import type { KubernetesObject } from "../client/object.ts";
import type { ObjectClient } from "./client.ts";
import { allFields, type FieldTree, holdersOf } from "./managed-fields.ts";
import { defaultManager } from "./manager.ts";
import { extract, project } from "./project.ts";
import { settle } from "./settle.ts";

/**
 * The inputs that a program would have to write to have the object as it is: those that it has, where nothing differs
 * but the form, and the object's own values where something does.
 */
export async function inputsAsLive(
  client: ObjectClient,
  asked: KubernetesObject,
  live: KubernetesObject,
  manager: string,
  options: CallOptions,
): Promise<JsonObject> {
  const seen = projected(asked, live);
  if (isDeepStrictEqual(seen, asked)) return asked;
  // Whether a difference means something only the server knows: it is asked what it would make of the inputs.
  const applied = await client
    .apply(asked, { fieldManager: manager, force: true, dryRun: true }, options)
    .catch((error: unknown) => {
      if (options.signal?.aborted === true || !(error instanceof UnderstudyError)) throw error;
      return undefined;
    });
  return settle(asked, applied === undefined ? asked : projected(asked, applied), seen);
}

function projected(asked: KubernetesObject, object: KubernetesObject): JsonObject {
  return project(asked, withStringData(asked, object), allFields(object));
}

/** `stringData` of a Secret can be written and never read: what was written by it stands in `data`. */
function withStringData(asked: KubernetesObject, object: KubernetesObject): KubernetesObject {
  const { stringData } = asked;
  const { data } = object;
  if (object.kind !== "Secret" || !isJsonObject(stringData) || !isJsonObject(data)) return object;
  const texts = Object.keys(stringData).flatMap((key) => {
    const value = data[key];
    return typeof value === "string" ? [[key, Buffer.from(value, "base64").toString()]] : [];
  });
  return { ...object, stringData: Object.fromEntries(texts) };
}

/** What the server itself puts into an object's metadata. */
const serverMade = [
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "managedFields",
  "selfLink",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
];

/** The inputs for an object that nothing is known of: what was applied in the package's name, else all but what the server made. */
export function inputsOfImport(live: KubernetesObject): JsonObject {
  const { apiVersion, kind } = live;
  const metadata = Object.fromEntries(
    Object.entries(live.metadata).filter(([key]) => !serverMade.includes(key)),
  );
  const fields = ownFields(live);
  if (fields === undefined) {
    const { status: _, ...rest } = live;
    return { ...rest, metadata };
  }
  const held = extract(live, fields);
  const { name, namespace } = live.metadata;
  const place = namespace === undefined ? { name } : { name, namespace };
  const own = isJsonObject(held.metadata) ? held.metadata : {};
  return { ...held, apiVersion, kind, metadata: { ...own, ...place } };
}

function ownFields(live: KubernetesObject): FieldTree | undefined {
  const own = holdersOf(live).filter(
    ({ manager, operation }) => operation === "Apply" && manager.startsWith(defaultManager),
  );
  return own.length === 1 ? own[0]?.fields : undefined;
}

/** The outputs: the object, and what a later run needs to know of how it was made. */
export function outputsOf(live: KubernetesObject, manager: string): JsonObject {
  const { managedFields: _, ...metadata } = live.metadata;
  return { ...live, metadata, __fieldManager: manager, __initialApiVersion: live.apiVersion };
}
