import type { OldRow } from "./deployment.ts";
import type { Goal } from "./goal.ts";
import type { ResourceProvider } from "./provider.ts";
import type { ResourceState } from "./resource-state.ts";

/** One resource on its way: what is wanted, what there was, and who carries it out. */
export interface Subject {
  readonly goal: Goal;
  readonly urn: string;
  /** Of its provider; undefined for components and for providers themselves. */
  readonly reference: string | undefined;
  /** Undefined for components. */
  readonly provider: ResourceProvider | undefined;
  readonly old: OldRow | undefined;
  /** Its row in the snapshot. */
  readonly key: string;
  /** It was just read in; that it needs no more is no step of its own. */
  readonly isImported: boolean;
}

/** Nothing of the old one binds the new: it belongs to someone else, or is deleted already. */
export function isFresh(state: ResourceState): boolean {
  return state.external === true || state.pendingReplacement === true;
}
