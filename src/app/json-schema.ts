import { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import type { AppPath } from "./issue.ts";
import { appSchema } from "./schema.ts";

/** What a person may write (defaults may be left out), and what a complete description holds. */
const inputSchema = z.toJSONSchema(appSchema, { io: "input" }) as JsonObject;
const outputSchema = z.toJSONSchema(appSchema, { io: "output" }) as JsonObject;

/** The published JSON Schema (draft 2020-12) of understudy.yaml. */
export function appJsonSchema(): JsonObject {
  const { $schema, ...rest } = inputSchema;
  return {
    $schema: $schema ?? "https://json-schema.org/draft/2020-12/schema",
    title: "understudy.yaml",
    description: "One app, described once, for every platform that it may run on.",
    ...rest,
  };
}

/** The alternatives that a schema allows at a place: itself, or the members of its union. */
function alternatives(schema: JsonObject): readonly JsonObject[] {
  const union = schema.anyOf;
  return Array.isArray(union) ? union.filter(isJsonObject) : [schema];
}

function below(schema: JsonObject, part: string | number): readonly JsonObject[] {
  return alternatives(schema).flatMap((option) => {
    if (typeof part === "number") return isJsonObject(option.items) ? [option.items] : [];
    const properties = isJsonObject(option.properties) ? option.properties : {};
    const named = Object.hasOwn(properties, part) ? properties[part] : option.additionalProperties;
    return isJsonObject(named) ? [named] : [];
  });
}

/** The schemas that stand at a path of the description. */
function schemasAt(path: AppPath): readonly JsonObject[] {
  return path.reduce<readonly JsonObject[]>(
    (schemas, part) => schemas.flatMap((schema) => below(schema, part)),
    [inputSchema],
  );
}

/** The keys that an object at this path may have; none where any key is allowed. */
export function knownKeys(path: AppPath): readonly string[] {
  return schemasAt(path)
    .flatMap(alternatives)
    .flatMap((schema) => (isJsonObject(schema.properties) ? Object.keys(schema.properties) : []));
}

function requiredOf(schema: JsonObject | undefined): readonly unknown[] {
  const required = schema?.required;
  return Array.isArray(required) ? required : [];
}

function child(schema: JsonObject | undefined, key: string): JsonObject | undefined {
  return schema === undefined ? undefined : below(schema, key)[0];
}

/** A description's fields in the schema's order, with all that the defaults would give back left out. */
export function withoutDefaults(value: JsonObject): JsonObject {
  return prune(value, outputSchema, inputSchema);
}

function prune(value: JsonObject, output: JsonObject, input: JsonObject): JsonObject {
  const properties = isJsonObject(output.properties) ? output.properties : undefined;
  // Keys of a map (processes, config) are the owner's: their order stays, and none of them has a default.
  const keys = properties === undefined ? Object.keys(value) : Object.keys(properties);
  const result: Record<string, JsonObject[string]> = {};
  for (const key of keys) {
    const item = value[key];
    if (item === undefined) continue;
    const schema = child(output, key);
    const hasDefault = requiredOf(output).includes(key) && !requiredOf(input).includes(key);
    const kept =
      isJsonObject(item) && schema !== undefined ? prune(item, schema, child(input, key) ?? {}) : item;
    if (hasDefault && isDefault(kept, schema)) continue;
    result[key] = kept;
  }
  return result;
}

function isDefault(value: JsonObject[string], schema: JsonObject | undefined): boolean {
  if (isJsonObject(value) && Object.keys(value).length === 0) return true;
  return JSON.stringify(value) === JSON.stringify(schema?.default);
}
