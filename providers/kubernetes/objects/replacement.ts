import type { JsonObject } from "../../../src/base/json.ts";
import { valueAt } from "../client/object.ts";
import { annotations, isSet } from "./annotations.ts";
import { frozenFields, immutableFields } from "./immutable.ts";
import type { ProviderOptions } from "./options.ts";
import type { ObjectType } from "./type.ts";

/** Which changes need a new object, and whether the old one stands in its way. */
export function replacementOf(
  type: ObjectType,
  options: ProviderOptions,
  olds: JsonObject,
  news: JsonObject,
) {
  const isMutable = type.kind === "Secret" ? options.mutableSecrets : options.mutableConfigMaps;
  const namespaces = [olds, news].map((object) => valueAt(object, "metadata.namespace") ?? options.namespace);
  const staysThere = namespaces[0] === namespaces[1];
  const isNamesake = staysThere && valueAt(olds, "metadata.name") === valueAt(news, "metadata.name");
  return {
    replaceOn: [...immutableFields(type), ...frozenFields(type, olds, isMutable)].filter(
      (path) => path !== "metadata.namespace" || !staysThere,
    ),
    // A name that was made up is made up anew for the new one, which can then stand beside the old one.
    deleteBeforeReplace: isNamesake && !isSet(news, annotations.autonamed),
  };
}
