import { z } from "zod";
import { appSchema } from "../../src/app/schema.ts";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly anyOf?: readonly Node[];
}

function walk(node: Node, path: string): readonly string[] {
  const alternatives = node.anyOf ?? [node];
  return alternatives.flatMap((alternative) => {
    const children = Object.entries(alternative.properties ?? {});
    const rest = alternative.additionalProperties;
    if (typeof rest === "object") children.push(["anything", rest]);
    if (children.length === 0) return [path];
    return children.flatMap(([key, child]) => walk(child, path === "" ? key : `${path}.${key}`));
  });
}

/** Path of every leaf that a description can have, taken from the schema itself; names of map entries are `anything`. */
export function fieldsOfSchema(): readonly string[] {
  return [...new Set(walk(z.toJSONSchema(appSchema, { io: "output" }) as Node, ""))].sort();
}
