import { RefusedError } from "../base/errors.ts";
import type { Deployment, OldRow } from "./deployment.ts";
import { compareProperties, type Diff, replaceOnChanges } from "./diff.ts";
import { deleteResource, targetOf } from "./effects.ts";
import type { ResourceState } from "./resource-state.ts";
import { parseProviderReference } from "./urn.ts";
import { unknownValue } from "./values.ts";

/** Everything that a resource needs: parent, provider, dependencies. */
export function needsOf(state: ResourceState): readonly string[] {
  const provider = state.provider ? [parseProviderReference(state.provider).urn] : [];
  return [
    ...(state.parent ? [state.parent] : []),
    ...provider,
    ...(state.dependencies ?? []),
    ...Object.values(state.propertyDependencies ?? {}).flat(),
    ...(state.deletedWith ? [state.deletedWith] : []),
  ];
}

/**
 * Which resources must go before one that is deleted to be replaced: those whose inputs come from it and that would be
 * replaced themselves when those inputs change.
 */
export class Replacements {
  readonly #deployment: Deployment;
  /** Deletions under way, by the URN of what is deleted. */
  readonly #condemned = new Map<string, Promise<void>>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** Waits for a deletion of the resource that was begun on another's behalf. */
  async settled(urn: string): Promise<void> {
    await this.#condemned.get(urn);
  }

  /** Deletes them, dependents of dependents first; each is made anew when it is registered. */
  async deleteDependents(root: ResourceState): Promise<void> {
    const condemned = await this.#findCondemned(root);
    for (const { key, state } of condemned.reverse()) {
      // It was registered while the others were being looked at, so it does without the root.
      if (this.#deployment.isRegistered(state.urn)) continue;
      if (state.protect === true) {
        throw new RefusedError(`A protected resource would be replaced along with '${root.urn}'.`, {
          code: "protected",
          rule: "protected resources are not deleted",
          path: state.urn,
          suggestion: "Set protect: false for it, or undo the change.",
        });
      }
      const deletion = this.#delete(key, state);
      // Whoever registers it hears of a failure here; so does the caller below.
      deletion.catch(() => {});
      this.#condemned.set(state.urn, deletion);
      await deletion;
    }
  }

  async #delete(key: string, state: ResourceState): Promise<void> {
    const deployment = this.#deployment;
    const gone = { ...state, pendingReplacement: true };
    deployment.markReplaced(state.urn);
    await deployment.step(deployment.stepOf("delete-replaced", state), () =>
      deleteResource(deployment.context, (item) => deployment.makerOf(item), state, { set: [[key, gone]] }),
    );
  }

  /** In the order of the deployment: each after what it depends on. */
  async #findCondemned(root: ResourceState): Promise<OldRow[]> {
    const gone = new Set([root.urn]);
    const found: OldRow[] = [];
    for (const [key, state] of this.#deployment.context.state.snapshot.oldRows()) {
      const isBusy = this.#deployment.isRegistered(state.urn) || this.#deployment.isClaimed(key);
      // What is registered already no longer depends on the root: it could not have been before the root was done.
      if (isBusy || !state.custom || state.external === true) continue;
      if (state.delete === true || state.pendingReplacement === true) continue;
      if (!needsOf(state).some((urn) => gone.has(urn)) || !(await this.#mustGo(state, gone))) continue;
      gone.add(state.urn);
      found.push({ key, state });
    }
    return found;
  }

  async #mustGo(state: ResourceState, gone: ReadonlySet<string>): Promise<boolean> {
    if (state.provider && gone.has(parseProviderReference(state.provider).urn)) return true;
    if (state.deletedWith !== undefined && gone.has(state.deletedWith)) return true;
    const fromGone = Object.entries(state.propertyDependencies ?? {}).filter(([, urns]) =>
      urns.some((urn) => gone.has(urn)),
    );
    if (fromGone.length === 0) return false;
    const inputs = { ...state.inputs, ...Object.fromEntries(fromGone.map(([key]) => [key, unknownValue])) };
    const provider = await this.#deployment.makerOf(state);
    const verdict = await provider.diff(targetOf(state), inputs, state.ignoreChanges ?? []);
    const diff: Diff =
      verdict === "unknown"
        ? {
            changed: true,
            replaceKeys: [],
            deleteBeforeReplace: false,
            changes: compareProperties(state.inputs, inputs),
          }
        : verdict;
    return replaceOnChanges(diff, state.replaceOnChanges ?? []).replaceKeys.length > 0;
  }
}
