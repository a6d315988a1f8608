import { z } from "zod";
import { UnderstudyError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Crypter } from "./secrets.ts";
import { isObject, type Properties, plain, secret, secretSignature, signatureKey } from "./values.ts";

/** A resource of a deployment (Pulumi's ResourceV3) as the engine works with it: secrets decrypted, in their wrapper. */
export interface ResourceState {
  readonly urn: string;
  readonly custom: boolean;
  readonly type: string;
  readonly id?: string | undefined;
  readonly inputs: Properties;
  readonly outputs: Properties;
  readonly parent?: string | undefined;
  readonly protect?: boolean | undefined;
  /** It was only read, and belongs to someone else. */
  readonly external?: boolean | undefined;
  /** Its replacement exists; this one waits for its deletion. */
  readonly delete?: boolean | undefined;
  /** It was deleted to be replaced, and the new one isn't there yet. */
  readonly pendingReplacement?: boolean | undefined;
  readonly dependencies?: readonly string[] | undefined;
  /** URNs that an input's value came from, by the input's name. */
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Why the last create or update was not complete. */
  readonly initErrors?: readonly string[] | undefined;
  /** URN and id of its provider. */
  readonly provider?: string | undefined;
  readonly additionalSecretOutputs?: readonly string[] | undefined;
  readonly customTimeouts?: Timeouts | undefined;
  readonly importID?: string | undefined;
  readonly retainOnDelete?: boolean | undefined;
  readonly deletedWith?: string | undefined;
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly modified?: string | undefined;
  readonly ignoreChanges?: readonly string[] | undefined;
  readonly replaceOnChanges?: readonly string[] | undefined;
}

/** Seconds; 0 or absent = the plugin's own. */
export interface Timeouts {
  readonly create?: number | undefined;
  readonly update?: number | undefined;
  readonly delete?: number | undefined;
  readonly read?: number | undefined;
}

const urns = z.array(z.string());
const seconds = z.number().optional();
const properties = z.record(z.string(), z.json()).optional();

/** Fields that aren't known here are kept as they are. */
const resourceSchema = z.looseObject({
  urn: z.string(),
  custom: z.boolean(),
  type: z.string(),
  id: z.string().optional(),
  inputs: properties,
  outputs: properties,
  parent: z.string().optional(),
  protect: z.boolean().optional(),
  external: z.boolean().optional(),
  delete: z.boolean().optional(),
  pendingReplacement: z.boolean().optional(),
  dependencies: urns.optional(),
  propertyDependencies: z
    .record(
      z.string(),
      urns.nullable().transform((list) => list ?? []),
    )
    .optional(),
  initErrors: z.array(z.string()).optional(),
  provider: z.string().optional(),
  additionalSecretOutputs: z.array(z.string()).optional(),
  customTimeouts: z.object({ create: seconds, update: seconds, delete: seconds, read: seconds }).optional(),
  importID: z.string().optional(),
  retainOnDelete: z.boolean().optional(),
  deletedWith: z.string().optional(),
  created: z.string().optional(),
  modified: z.string().optional(),
  ignoreChanges: z.array(z.string()).optional(),
  replaceOnChanges: z.array(z.string()).optional(),
});

/** A resource as it is written. */
export type EncodedResource = JsonObject;

function encodeValue(value: Json, crypter: Crypter, place: string): Json {
  if (Array.isArray(value))
    return value.map((item: Json, index) => encodeValue(item, crypter, `${place}.${index}`));
  if (!isObject(value)) return value;
  if (value[signatureKey] === secretSignature) {
    const text = JSON.stringify(plain(value));
    return { [signatureKey]: secretSignature, ciphertext: crypter.encrypt(text, place) };
  }
  return encodeProperties(value, crypter, place);
}

function encodeProperties(properties: Properties, crypter: Crypter, place: string): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([key, item]) => [key, encodeValue(item, crypter, `${place}.${key}`)]),
  );
}

function decodeValue(value: Json, crypter: Crypter, place: string): Json {
  if (Array.isArray(value))
    return value.map((item: Json, index) => decodeValue(item, crypter, `${place}.${index}`));
  if (!isObject(value)) return value;
  if (value[signatureKey] !== secretSignature) return decodeProperties(value, crypter, place);
  // An export with --show-secrets holds the plain text instead.
  const text =
    typeof value.plaintext === "string" ? value.plaintext : crypter.decrypt(String(value.ciphertext), place);
  return secret(JSON.parse(text) as Json);
}

function decodeProperties(properties: Properties, crypter: Crypter, place: string): Properties {
  return Object.fromEntries(
    Object.entries(properties).map(([key, item]) => [key, decodeValue(item, crypter, `${place}.${key}`)]),
  );
}

/** Empty and false fields are left out, as Pulumi does. */
function isWritten(value: unknown): boolean {
  if (value === undefined || value === false || value === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return (
    typeof value !== "object" || value === null || Object.values(value).some((item) => item !== undefined)
  );
}

export function encodeResource(state: ResourceState, crypter: Crypter): EncodedResource {
  const { urn, custom, inputs, outputs, ...rest } = state;
  const place = `${urn} ${state.delete === true ? "old " : ""}`;
  const encoded = {
    inputs: encodeProperties(inputs, crypter, `${place}inputs`),
    outputs: encodeProperties(outputs, crypter, `${place}outputs`),
    ...rest,
  };
  const written = Object.entries(encoded).filter(([, value]) => isWritten(value));
  return { urn, custom, ...Object.fromEntries(written) } as EncodedResource;
}

export function decodeResource(encoded: unknown, crypter: Crypter): ResourceState {
  const parsed = resourceSchema.safeParse(encoded);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new UnderstudyError(`A resource in the state is malformed: ${issue?.message ?? "not an object"}`, {
      code: "bad-state",
      path: issue?.path.join(".") ?? "",
      suggestion: "Go back to the backup beside the state file, or import an exported state.",
    });
  }
  const { inputs, outputs, ...rest } = parsed.data;
  const place = `${rest.urn} ${rest.delete === true ? "old " : ""}`;
  return {
    ...rest,
    inputs: decodeProperties((inputs ?? {}) as Properties, crypter, `${place}inputs`),
    outputs: decodeProperties((outputs ?? {}) as Properties, crypter, `${place}outputs`),
  };
}
