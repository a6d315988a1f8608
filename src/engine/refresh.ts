import { type Deployment, type OldRow, ReportedError } from "./deployment.ts";
import { compareProperties } from "./diff.ts";
import { readResource } from "./effects.ts";
import type { PropertyChange } from "./events.ts";
import { faultText } from "./fault.ts";
import type { ResourceState } from "./resource-state.ts";
import { CancelledError } from "./run-context.ts";
import { providerPackage } from "./urn.ts";

function isReadable({ state }: OldRow): boolean {
  return state.custom && providerPackage(state.type) === undefined && state.pendingReplacement !== true;
}

function drift(known: ResourceState, found: ResourceState | undefined): readonly PropertyChange[] {
  if (found === undefined) return [];
  const outputs = compareProperties(known.outputs, found.outputs);
  return outputs.length > 0 ? outputs : compareProperties(known.inputs, found.inputs);
}

async function refreshRow(deployment: Deployment, { key, state }: OldRow): Promise<void> {
  const { context } = deployment;
  const provider = await deployment.makerOf(state);
  const startedAt = performance.now();
  const info = deployment.stepOf("refresh", state);
  context.reporter.start(info);
  let found: ResourceState | undefined;
  try {
    found = await readResource(provider, state);
  } catch (error) {
    context.reporter.endFailed(info, startedAt, faultText(error));
    throw new ReportedError(error);
  }
  const changes = drift(state, found);
  const modified = changes.length === 0 ? state.modified : new Date().toISOString();
  await context.state.commit(
    found === undefined ? { drop: [key] } : { set: [[key, { ...found, modified }]] },
  );
  const step = found === undefined ? "delete" : changes.length === 0 ? "same" : "refresh";
  context.reporter.end({ ...info, step, changes }, startedAt);
}

/** Brings every row up to what its plugin reads. What is gone is dropped; what can't be read fails the run and stays. */
export async function refreshRows(deployment: Deployment, rows: readonly OldRow[]): Promise<void> {
  const { context } = deployment;
  await Promise.all(
    rows.filter(isReadable).map((row) =>
      context.slots.run(async () => {
        if (context.signal.aborted) return;
        try {
          await refreshRow(deployment, row);
        } catch (error) {
          if (error instanceof ReportedError || error instanceof CancelledError) return;
          context.reporter.fail(faultText(error), row.state.urn);
        }
      }),
    ),
  );
}
