import { UnderstudyError } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import type { InputValue, Reference, RenderedResource } from "../platform/contract.ts";

/** An output of a rendered resource. */
export interface OutputReference {
  readonly resource: string;
  readonly property: string;
}

export function asReference(value: InputValue): Reference | undefined {
  if (!isJsonObject(value)) return undefined;
  return "$output" in value || "$secret" in value ? (value as unknown as Reference) : undefined;
}

/** Every output that a value refers to, at any depth. */
export function outputReferences(value: InputValue): readonly OutputReference[] {
  const reference = asReference(value);
  if (reference !== undefined) return "$output" in reference ? [reference.$output] : [];
  if (Array.isArray(value)) return value.flatMap(outputReferences);
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(outputReferences);
}

/** Logical names of what a resource needs before it. */
function needs(resource: RenderedResource): ReadonlySet<string> {
  return new Set([
    ...(resource.dependsOn ?? []),
    ...outputReferences(resource.inputs).map((reference) => reference.resource),
  ]);
}

/** The resources in an order in which each comes after what it needs. */
export function inDependencyOrder(resources: readonly RenderedResource[]): readonly RenderedResource[] {
  const byName = new Map(resources.map((resource) => [resource.name, resource]));
  const ordered = new Set<RenderedResource>();
  const visit = (resource: RenderedResource, path: readonly string[]): void => {
    if (ordered.has(resource)) return;
    if (path.includes(resource.name)) {
      throw new UnderstudyError(`Resources depend on each other: ${[...path, resource.name].join(" -> ")}.`, {
        code: "dependency-cycle",
      });
    }
    for (const name of needs(resource)) {
      const needed = byName.get(name);
      if (needed === undefined) {
        throw new UnderstudyError(`'${resource.name}' refers to '${name}', which is not rendered.`, {
          code: "unknown-reference",
        });
      }
      visit(needed, [...path, resource.name]);
    }
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource, []);
  return [...ordered];
}
