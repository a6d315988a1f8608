import { RefusedError } from "../base/errors.ts";
import { type Deployment, type OldRow, ReportedError } from "./deployment.ts";
import { deleteResource } from "./effects.ts";
import { needsOf } from "./replacements.ts";
import { CancelledError } from "./run-context.ts";

/** A row to be deleted, with those that must be gone before it. */
interface Condemned extends OldRow {
  readonly after: Condemned[];
}

/** Links each row with those that need it: a resource goes after all that depend on it. */
function link(rows: readonly OldRow[]): readonly Condemned[] {
  const before = new Map<string, Condemned[]>();
  return rows.map((row) => {
    const condemned: Condemned = { ...row, after: [] };
    // Only rows before it can be needed by it: that is the order of every deployment. It keeps cycles out.
    for (const urn of new Set(needsOf(row.state))) {
      for (const needed of before.get(urn) ?? []) needed.after.push(condemned);
    }
    const { urn } = row.state;
    before.set(urn, [...(before.get(urn) ?? []), condemned]);
    return condemned;
  });
}

function refuseProtected(rows: readonly OldRow[]): void {
  const kept = rows.filter(({ state }) => state.protect === true && state.delete !== true);
  const [first] = kept;
  if (first === undefined) return;
  const others = kept.length === 1 ? "" : ` and ${kept.length - 1} more`;
  throw new RefusedError(`'${first.state.urn}'${others} would be deleted, but is protected.`, {
    code: "protected",
    rule: "protected resources are not deleted",
    path: first.state.urn,
    suggestion: "Set protect: false for it in the program and run `understudy up` first.",
  });
}

/**
 * Deletes rows of the last deployment, dependents before what they depend on, as many at once as there are slots. A
 * failed deletion keeps what it depends on; the others go on. Throws `protected` before anything is deleted.
 */
export async function deleteRows(deployment: Deployment, rows: readonly OldRow[]): Promise<void> {
  refuseProtected(rows);
  const { context } = deployment;
  const urns = new Set(rows.map(({ state }) => state.urn));
  const running = new Map<Condemned, Promise<boolean>>();

  const remove = async ({ key, state }: Condemned): Promise<boolean> => {
    // What was deleted to be replaced, and is not wanted any more, is only forgotten.
    const isGone = state.pendingReplacement === true;
    const isGoneNow = isGone && deployment.isReplaced(state.urn);
    const step = state.delete === true ? "delete-replaced" : isGone && !isGoneNow ? "discard" : "delete";
    try {
      await deployment.step(deployment.stepOf(step, state), () =>
        isGone
          ? context.state.commit({ drop: [key] })
          : deleteResource(
              context,
              (item) => deployment.makerOf(item),
              state,
              { drop: [key] },
              (urn) => urns.has(urn),
            ),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ReportedError || error instanceof CancelledError)) throw error;
      return false;
    }
  };

  const start = (row: Condemned): Promise<boolean> => {
    let result = running.get(row);
    if (result === undefined) {
      result = Promise.all(row.after.map(start)).then(async (gone) =>
        gone.every(Boolean) ? context.slots.run(() => remove(row)) : false,
      );
      running.set(row, result);
    }
    return result;
  };

  await Promise.all(link(rows).map(start));
}
