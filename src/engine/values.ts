import type { Json, JsonObject } from "../base/json.ts";

/**
 * Property values are kept as they travel on the wire: JSON in which an object with {@link signatureKey} stands for
 * something JSON lacks. The signatures are Pulumi's (sdk/go/common/resource/sig).
 */
export type Properties = JsonObject;

export const signatureKey = "4dabf18193072939515e22adb298388d";
export const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const referenceSignature = "5cf8f73096256a8f31e491e813e4eb8e";

/** Stands for a value that is known only after the update, in previews. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

interface Secret extends JsonObject {
  readonly value: Json;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A property of that name, and not one that every object has, such as `constructor`. */
export function own(properties: Properties, key: string): Json | undefined {
  return Object.hasOwn(properties, key) ? properties[key] : undefined;
}

function signatureOf(value: Json | undefined): Json | undefined {
  return isObject(value) ? value[signatureKey] : undefined;
}

export function isSecret(value: Json | undefined): value is Secret {
  return signatureOf(value) === secretSignature;
}

/** Wraps a value as secret. Secrets inside it lose their own wrapper: the outer one covers them. */
export function secret(value: Json): Json {
  return { [signatureKey]: secretSignature, value: plain(value) };
}

/** Rebuilds a value; `visit` gives the new value for a node, or undefined to go into its children. */
export function mapValue(value: Json, visit: (value: Json) => Json | undefined): Json {
  const replaced = visit(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((item: Json) => mapValue(item, visit));
  return isObject(value) ? mapProperties(value, visit) : value;
}

function mapProperties(properties: JsonObject, visit: (value: Json) => Json | undefined): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([key, item]) => [key, mapValue(item, visit)]));
}

/** Whether any node of the value satisfies the test; secrets are looked into. */
export function someValue(value: Json | undefined, test: (value: Json) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (Array.isArray(value)) return value.some((item: Json) => someValue(item, test));
  return isObject(value) && Object.values(value).some((item) => someValue(item, test));
}

export function hasUnknown(value: Json | undefined): boolean {
  return someValue(value, (node) => node === unknownValue);
}

export function hasSecret(value: Json | undefined): boolean {
  return someValue(value, isSecret);
}

/** The value without its secret wrappers. For plugins that can't take them, and for comparing; never for showing. */
export function plain(value: Json): Json {
  return mapValue(value, (node) => (isSecret(node) ? plain(node.value) : undefined));
}

export function plainProperties(properties: Properties): Properties {
  return mapProperties(properties, (node) => (isSecret(node) ? plain(node.value) : undefined));
}

/** For plugins that can't take resource references: the id, or the URN of a component. */
export function withoutReferences(properties: Properties): Properties {
  return mapProperties(properties, (node) =>
    isObject(node) && node[signatureKey] === referenceSignature ? (node.id ?? node.urn ?? null) : undefined,
  );
}

/** Replaces output values by what they hold: unknown, a secret, or the plain value. Their dependencies travel besides. */
export function lowerOutputs(properties: Properties): Properties {
  const lower = (node: Json): Json | undefined => {
    if (!isObject(node) || node[signatureKey] !== outputSignature) return undefined;
    const held = node.value === undefined ? unknownValue : mapValue(node.value, lower);
    return node.secret === true ? secret(held) : held;
  };
  return mapProperties(properties, lower);
}

/** Deep equality that ignores secret wrappers and the order of keys. */
export function sameValue(left: Json | undefined, right: Json | undefined): boolean {
  if (isSecret(left)) return sameValue(left.value, right);
  if (isSecret(right)) return sameValue(left, right.value);
  if (left === right) return true;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item: Json, index) => sameValue(item, right[index]))
    );
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameValue(own(left, key), own(right, key)))
  );
}
