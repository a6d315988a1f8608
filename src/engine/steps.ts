import { RefusedError } from "../base/errors.ts";
import type { Diff } from "./diff.ts";
import type { ResourceState } from "./resource-state.ts";

/** What the program wants of a resource, as far as deciding needs it. */
export interface Wanted {
  readonly urn: string;
  readonly custom: boolean;
  readonly protect: boolean;
  readonly importId: string;
  readonly deleteBeforeReplace: boolean | undefined;
}

/** What is to be done with one resource. */
export type Decision =
  | { readonly step: "create" }
  | { readonly step: "same" }
  | { readonly step: "update"; readonly diff: Diff }
  | {
      readonly step: "replace";
      readonly diff: Diff;
      /** The old one goes before the new one is made, with those that can't do without it. */
      readonly deleteFirst: boolean;
    };

function refuseReplace(wanted: Wanted, diff: Diff): void {
  if (wanted.importId !== "") {
    throw new RefusedError("An imported resource would be replaced, which would not be the one imported.", {
      code: "import-replaces",
      rule: "imported resources are not replaced",
      path: wanted.urn,
      suggestion: `Make the program's inputs match what exists (${diff.replaceKeys.join(", ")}), or drop the import option.`,
    });
  }
}

/** Decides by what is there and how it differs from what is wanted. Throws for what a rule forbids. */
export function decide(wanted: Wanted, old: ResourceState | undefined, diff: Diff): Decision {
  if (old === undefined || old.external === true) return { step: "create" };
  // It was deleted to be replaced, in this run or in one that broke off.
  if (old.pendingReplacement === true) return { step: "replace", diff, deleteFirst: false };
  const replaces = (diff.changed && diff.replaceKeys.length > 0) || old.custom !== wanted.custom;
  if (replaces) {
    refuseReplace(wanted, diff);
    if (old.protect === true && wanted.protect) {
      throw new RefusedError("A protected resource would be replaced, which means deleting it.", {
        code: "protected",
        rule: "protected resources are not deleted",
        path: wanted.urn,
        suggestion: `Undo the change of ${diff.replaceKeys.join(", ")}, or set protect: false in the program.`,
      });
    }
    const deleteFirst = old.custom && (wanted.deleteBeforeReplace ?? diff.deleteBeforeReplace);
    return { step: "replace", diff, deleteFirst };
  }
  const unfinished = (old.initErrors ?? []).length > 0;
  return diff.changed || unfinished ? { step: "update", diff } : { step: "same" };
}
