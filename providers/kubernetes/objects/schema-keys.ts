import { isJsonObject, type Json, type JsonObject } from "../../../src/base/json.ts";

/** The package writes fields such as `x-kubernetes-list-type` with underscores. */
function renamed(value: Json, rename: (key: string) => string): Json {
  if (Array.isArray(value)) return value.map((item: Json) => renamed(item, rename));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), renamed(item, rename)]));
}

/** As the API has it. */
export function asApi(inputs: JsonObject): JsonObject {
  return renamed(inputs, (key) =>
    key.startsWith("x_kubernetes_") ? key.replaceAll("_", "-") : key,
  ) as JsonObject;
}

/** As the package's programs have it. */
export function asProgram(object: JsonObject): JsonObject {
  return renamed(object, (key) =>
    key.startsWith("x-kubernetes-") ? key.replaceAll("-", "_") : key,
  ) as JsonObject;
}
