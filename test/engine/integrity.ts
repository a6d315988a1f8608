import { expect } from "vitest";
import type { ResourceState } from "../../src/engine/resource-state.ts";
import { parseProviderReference, providerPackage, providerReference } from "../../src/engine/urn.ts";

/** What Pulumi demands of a deployment before it uses it (pkg/resource/stack/snapshot/integrity.go). */
export function expectIntegrity(resources: readonly ResourceState[]): void {
  const urns = new Set<string>();
  const providers = new Set<string>();
  for (const state of resources) {
    const { urn } = state;
    expect(state.custom || state.id === undefined, `${urn} is no custom resource and has an id`).toBe(true);
    if (providerPackage(state.type) !== undefined) providers.add(providerReference(urn, state.id ?? ""));
    if (state.provider && state.pendingReplacement !== true) {
      expect(providers.has(state.provider), `${urn} refers to the unknown provider ${state.provider}`).toBe(
        true,
      );
      expect(parseProviderReference(state.provider).id).not.toBe("");
    }
    const needed = [
      state.parent,
      state.deletedWith,
      ...(state.dependencies ?? []),
      ...Object.values(state.propertyDependencies ?? {}).flat(),
    ].flatMap((item) => (item ? [item] : []));
    for (const item of needed)
      expect(urns.has(item), `${urn} comes before ${item}, or that is missing`).toBe(true);
    urns.add(urn);
  }
  const kept = resources.filter((state) => state.delete !== true).map(({ urn }) => urn);
  expect(new Set(kept).size, `one of these is there twice: ${kept.join(", ")}`).toBe(kept.length);
}
