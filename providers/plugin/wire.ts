import struct from "google-protobuf/google/protobuf/struct_pb.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";

/**
 * Values as Pulumi puts them on the wire (Pulumi SDK, runtime/rpc.ts): a secret is an object under this signature, an
 * unknown value of a preview is this string.
 */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function fromStruct(value: struct.Struct | undefined): JsonObject {
  return (value?.toJavaScript() ?? {}) as JsonObject;
}

/** Keys whose value is undefined are left out: the protocol has no word for them. */
export function toStruct(value: JsonObject): struct.Struct {
  return struct.Struct.fromJavaScript(JSON.parse(JSON.stringify(value)));
}

function isSecret(value: Json): value is JsonObject & { readonly value: Json } {
  return isJsonObject(value) && value[signatureKey] === secretSignature;
}

function wrapSecret(value: Json): Json {
  return { [signatureKey]: secretSignature, value };
}

/** A path into JSON: object keys and array indexes. */
export type Path = readonly (string | number)[];

export interface Unwrapped {
  readonly value: JsonObject;
  /** Where secrets stood. */
  readonly secrets: readonly Path[];
}

/** The plain value, and the places where secrets stood in it. */
export function unwrap(object: JsonObject): Unwrapped {
  const secrets: Path[] = [];
  const walk = (value: Json, path: Path): Json => {
    if (isSecret(value)) {
      secrets.push(path);
      return walk(value.value, path);
    }
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]));
  };
  return { value: walk(object, []) as JsonObject, secrets };
}

/** Makes the values at these places secret, where they still are. */
export function wrap(object: JsonObject, secrets: readonly Path[]): JsonObject {
  const walk = (value: Json, places: readonly Path[]): Json => {
    if (places.some((path) => path.length === 0)) return wrapSecret(value);
    const below = (key: string | number) =>
      places.filter((path) => path[0] === key).map((path) => path.slice(1));
    if (Array.isArray(value)) return value.map((item, index) => walk(item, below(index)));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, below(key))]));
  };
  return walk(object, secrets) as JsonObject;
}

/** Whether a value is unknown, or holds one that is. */
export function hasUnknown(value: unknown): boolean {
  if (value === unknownValue) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}
