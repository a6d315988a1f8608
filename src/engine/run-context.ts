import { UnderstudyError } from "../base/errors.ts";
import type { ConfigValues } from "./config.ts";
import type { Project } from "./project.ts";
import type { ProviderRegistry } from "./provider-registry.ts";
import type { Reporter } from "./reporter.ts";
import type { Slots } from "./slots.ts";
import type { Change, Snapshot } from "./snapshot.ts";

/** The state during a run. In a preview changes go no further than the snapshot. */
export interface RunState {
  readonly snapshot: Snapshot;
  /** Changes the snapshot now; resolves when the change is on the disk. */
  commit(change: Change): Promise<void>;
}

/** What the parts of one run share. */
export interface RunContext {
  readonly project: Project;
  readonly stack: string;
  readonly config: ConfigValues;
  readonly preview: boolean;
  readonly state: RunState;
  readonly providers: ProviderRegistry;
  readonly reporter: Reporter;
  readonly slots: Slots;
  /** Aborted when no new step may begin. */
  readonly signal: AbortSignal;
}

export class CancelledError extends UnderstudyError {
  constructor() {
    super("The run was cancelled before this step began.", { code: "cancelled" });
  }
}

export function throwIfCancelled(context: RunContext): void {
  if (context.signal.aborted) throw new CancelledError();
}
