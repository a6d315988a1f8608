import type { ResourceState } from "./resource-state.ts";
import { makeUrn, parseProviderReference, parseUrn, providerReference } from "./urn.ts";

export type OperationKind = "creating" | "updating" | "deleting" | "reading" | "importing";

/** An outside effect that was begun and, as far as is known, not finished. */
export interface Operation {
  readonly type: OperationKind;
  readonly resource: ResourceState;
}

/** One change of the snapshot, all or nothing: what a line of the journal holds. */
export interface Change {
  /** An outside effect begins, under a number of its own. */
  readonly begin?: { readonly number: number; readonly operation: Operation };
  /** The effect of that number ended, well or not. */
  readonly end?: number;
  readonly set?: readonly (readonly [key: string, state: ResourceState])[];
  readonly drop?: readonly string[];
  /** The resource of the first URN is now called by the second. */
  readonly rename?: readonly [from: string, to: string];
}

/**
 * The resources of a stack while it changes. Each has a row with a key: `o3` for the third of the last deployment, `n7`
 * for the seventh registered in this run. New rows stand before old ones, so that dependencies always stand before
 * their dependents, as Pulumi demands of a deployment.
 */
export class Snapshot {
  readonly #new = new Map<string, ResourceState>();
  readonly #old: Map<string, ResourceState>;
  readonly #pending: Map<number, Operation>;
  readonly #renames = new Map<string, string>();
  #rows = 0;
  #operations: number;

  constructor(resources: readonly ResourceState[], pending: readonly Operation[] = []) {
    this.#old = new Map(resources.map((state, index) => [`o${index}`, state]));
    this.#pending = new Map(pending.map((operation, index) => [index, operation]));
    this.#operations = pending.length;
  }

  newKey(): string {
    return `n${this.#rows++}`;
  }

  newNumber(): number {
    return this.#operations++;
  }

  apply(change: Change): void {
    if (change.begin !== undefined) this.#pending.set(change.begin.number, change.begin.operation);
    if (change.end !== undefined) this.#pending.delete(change.end);
    for (const [key, state] of change.set ?? []) this.#rowsOf(key).set(key, state);
    for (const key of change.drop ?? []) this.#rowsOf(key).delete(key);
    if (change.rename !== undefined) this.#renames.set(change.rename[0], change.rename[1]);
  }

  #rowsOf(key: string): Map<string, ResourceState> {
    return key.startsWith("o") ? this.#old : this.#new;
  }

  get(key: string): ResourceState | undefined {
    return this.#rowsOf(key).get(key);
  }

  /** The rows of the last deployment that are still there, in its order. */
  oldRows(): readonly (readonly [key: string, state: ResourceState])[] {
    return [...this.#old];
  }

  /** All resources, in the order of a deployment; what they refer to is called as it is now, and is there. */
  resources(): readonly ResourceState[] {
    const states = [...this.#new.values(), ...this.#old.values()];
    return withoutMissing(this.#renames.size === 0 ? states : this.#renamed(states));
  }

  pending(): readonly Operation[] {
    return [...this.#pending.values()];
  }

  pendingNumbers(): readonly (readonly [number: number, operation: Operation])[] {
    return [...this.#pending];
  }

  #renamed(states: readonly ResourceState[]): readonly ResourceState[] {
    const renames = new Map(this.#renames);
    const fix = (urn: string): string => renames.get(urn) ?? urn;
    return states.map((state) => {
      const parent = state.parent === undefined ? undefined : renames.get(state.parent);
      const parts = parseUrn(state.urn);
      // A child's URN holds the types of its parents, so it changes with them.
      if (parent !== undefined && parts !== undefined && !renames.has(state.urn)) {
        const urn = makeUrn({ ...parts, parent });
        if (urn !== state.urn) renames.set(state.urn, urn);
      }
      const provider = state.provider === undefined ? undefined : parseProviderReference(state.provider);
      return {
        ...state,
        urn: fix(state.urn),
        ...(state.parent === undefined ? {} : { parent: fix(state.parent) }),
        ...(provider === undefined ? {} : { provider: providerReference(fix(provider.urn), provider.id) }),
        ...(state.dependencies === undefined ? {} : { dependencies: state.dependencies.map(fix) }),
        ...(state.propertyDependencies === undefined
          ? {}
          : {
              propertyDependencies: Object.fromEntries(
                Object.entries(state.propertyDependencies).map(([key, deps]) => [key, (deps ?? []).map(fix)]),
              ),
            }),
        ...(state.deletedWith === undefined ? {} : { deletedWith: fix(state.deletedWith) }),
      };
    });
  }
}

/** Leaves out references to resources that are gone, which Pulumi would call a broken deployment. */
function withoutMissing(states: readonly ResourceState[]): readonly ResourceState[] {
  const urns = new Set(states.map(({ urn }) => urn));
  const isThere = (urn: string | undefined): boolean => urn === undefined || urn === "" || urns.has(urn);
  return states.map((state) => {
    const byProperty = Object.entries(state.propertyDependencies ?? {});
    if (
      isThere(state.parent) &&
      isThere(state.deletedWith) &&
      (state.dependencies ?? []).every(isThere) &&
      byProperty.every(([, needed]) => needed.every(isThere))
    ) {
      return state;
    }
    return {
      ...state,
      parent: isThere(state.parent) ? state.parent : undefined,
      deletedWith: isThere(state.deletedWith) ? state.deletedWith : undefined,
      dependencies: (state.dependencies ?? []).filter(isThere),
      propertyDependencies: Object.fromEntries(
        byProperty.map(([key, needed]) => [key, needed.filter(isThere)]),
      ),
    };
  });
}
