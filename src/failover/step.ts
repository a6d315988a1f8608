import { messageOf } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Outcome, Plan } from "./journal.ts";
import type { World } from "./world.ts";

/** What came of a step. */
export interface StepResult {
  readonly outcome: Extract<Outcome, "done" | "already" | "unreachable">;
  /** For a person. */
  readonly detail: string;
  /** What later steps need of it; kept in the journal. Never a secret. */
  readonly data?: JsonObject;
}

/** What a step may use. */
export interface StepContext {
  readonly world: World;
  readonly plan: Plan;
  /** Data of an earlier step, by its name; undefined when it had none. */
  dataOf(step: string): JsonObject | undefined;
  readonly signal: AbortSignal;
}

/** One step of a runbook. */
export interface Step {
  /** Stable, kebab-case, as in journals. */
  readonly name: string;
  /** What it does, for a person, e.g. `Fence the data of primary`. */
  readonly title: string;
  /** Safe to repeat: it looks at what is before it acts, so that a killed run goes on from what it sees. */
  act(context: StepContext): Promise<StepResult>;
  /** Takes it back, while nothing is promoted. Absent = there is nothing to take back. */
  undo?(context: StepContext): Promise<void>;
  /** From here on the run only goes forward. */
  readonly commits?: boolean;
  /** A failure is written down and the run goes on. */
  readonly bestEffort?: boolean;
}

/** Acts; what a best-effort step fails of is its result, unless the run was ended. */
export async function attempt(step: Step, context: StepContext): Promise<StepResult> {
  try {
    return await step.act(context);
  } catch (error) {
    if (step.bestEffort !== true || context.signal.aborted) throw error;
    return { outcome: "unreachable", detail: messageOf(error) };
  }
}

/** Two steps as one that bears the second's name. What neither answers is waited for once. */
export function beside(first: Step, second: Step): Step {
  return {
    ...second,
    title: `${first.title}; ${second.title}`,
    async act(context) {
      const results = await Promise.all([attempt(first, context), attempt(second, context)]);
      const unreachable = results.some(({ outcome }) => outcome === "unreachable");
      const detail = results.map((result) => result.detail).join("; ");
      return { ...results[1], outcome: unreachable ? "unreachable" : "done", detail };
    },
    async undo(context) {
      await second.undo?.(context);
      await first.undo?.(context);
    },
  };
}
