import type { Deployment } from "./deployment.ts";
import type { RunSummary } from "./events.ts";
import { nameOf, typeOf } from "./urn.ts";

/**
 * Tells of creations that were under way when an earlier run broke off: whether they took place is not known. Other
 * operations need no word, since doing them again comes to the same.
 */
export function tellPending(deployment: Deployment, operation: RunSummary["operation"]): void {
  const { state, reporter } = deployment.context;
  for (const { type, resource } of state.snapshot.pending()) {
    if (type !== "creating") continue;
    const what = `${typeOf(resource.urn)} '${nameOf(resource.urn)}'`;
    const next =
      operation === "refresh" || operation === "destroy"
        ? "It is not in the state: delete it by hand if it exists, or import it with the option `import`."
        : "If it exists, stop now and import it with the option `import`, or delete it by hand; else it is made now.";
    reporter.log(
      "warning",
      `A run broke off while it was creating ${what}, so that it may exist already. ${next}`,
      {
        urn: resource.urn,
      },
    );
  }
}

/** After a program: what it made needs no word any more, and what is only done again neither. */
export async function settlePending(deployment: Deployment): Promise<void> {
  const { state, preview } = deployment.context;
  if (preview) return;
  for (const [number, { type, resource }] of state.snapshot.pendingNumbers()) {
    const isMade = deployment.registered(resource.urn)?.state !== undefined;
    if (type !== "creating" || isMade) await state.commit({ end: number });
  }
}

/** A refresh has told of them for the last time. */
export async function forgetPending(deployment: Deployment): Promise<void> {
  const { state } = deployment.context;
  for (const [number] of state.snapshot.pendingNumbers()) await state.commit({ end: number });
}
