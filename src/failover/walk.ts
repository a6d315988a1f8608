import { messageOf, UnderstudyError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Entry, Journal, Plan } from "./journal.ts";
import { attempt, type Step, type StepContext, type StepResult } from "./step.ts";
import type { World } from "./world.ts";

/** What a walk tells while it goes. */
export type WalkEvent =
  | { readonly type: "step-started"; readonly step: Step; readonly at: number }
  | {
      readonly type: "step-ended";
      readonly step: Step;
      readonly at: number;
      readonly result: Extract<Entry, { type: "result" }>;
    };

export interface WalkOptions {
  readonly world: World;
  readonly plan: Plan;
  readonly steps: readonly Step[];
  readonly journal: Journal;
  /** Before the point of no return an abort takes the run back; after it, the run goes on to its end. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: WalkEvent) => void;
}

type Result = Extract<Entry, { type: "result" }>;

function resultsIn(journal: Journal): ReadonlyMap<string, Result> {
  return new Map(
    journal.entries.filter((entry) => entry.type === "result").map((entry) => [entry.step, entry]),
  );
}

function isSettled(result: Result | undefined): boolean {
  return result !== undefined && result.outcome !== "failed" && result.outcome !== "undone";
}

/**
 * Walks the steps, each: journal the intent, act, journal the result. Steps that the journal has results of are passed
 * over, so the same call starts a run and resumes one. When a step fails before the point of no return, those before it are
 * taken back and the failure is thrown; after it, the run stops where it is and can be resumed.
 */
export async function walk(options: WalkOptions): Promise<void> {
  const { world, plan, steps, journal } = options;
  const forward = new AbortController();
  const committed = () => {
    const results = resultsIn(journal);
    return steps.some(
      (step) =>
        step.commits === true &&
        journal.entries.some((entry) => entry.type === "intent" && entry.step === step.name) &&
        results.get(step.name)?.outcome !== "undone",
    );
  };
  const contextOf = (signal: AbortSignal): StepContext => ({
    world,
    plan,
    signal,
    dataOf: (name): JsonObject | undefined => resultsIn(journal).get(name)?.data,
  });

  // A run that had begun to go back when it was cut off goes on going back.
  const results = [...resultsIn(journal).values()];
  if (!committed() && results.some(({ outcome }) => outcome === "failed" || outcome === "undone")) {
    await takeBack(steps, contextOf(forward.signal), options);
    throw new UnderstudyError("The run had failed and was being taken back; that is finished now.", {
      code: "cutover-rolled-back",
      path: journal.path,
      suggestion: `'${plan.from}' is active as before.`,
    });
  }
  for (const step of steps) {
    if (isSettled(resultsIn(journal).get(step.name))) continue;
    const signal = committed() || step.commits === true ? forward.signal : options.signal;
    try {
      signal.throwIfAborted();
      await take(step, contextOf(signal), options);
    } catch (error) {
      if (committed()) {
        throw new UnderstudyError(`The step '${step.name}' failed: ${messageOf(error)}`, {
          code: "cutover-interrupted",
          path: journal.path,
          cause: error,
          suggestion:
            "The new side is promoted, so there is no way back but forward: mend the cause, then --resume.",
        });
      }
      await takeBack(steps, contextOf(forward.signal), options);
      throw new UnderstudyError(`The step '${step.name}' failed: ${messageOf(error)}`, {
        code: "cutover-rolled-back",
        path: journal.path,
        cause: error,
        suggestion: `Everything before it was taken back: '${plan.from}' is active as before.`,
      });
    }
  }
  await journal.append({ type: "end", at: world.clock.now(), outcome: "done" });
}

async function take(step: Step, context: StepContext, { journal, onEvent }: WalkOptions): Promise<void> {
  const { clock } = context.world;
  await journal.append({ type: "intent", at: clock.now(), step: step.name, title: step.title });
  onEvent?.({ type: "step-started", step, at: clock.now() });
  let outcome: StepResult | { readonly outcome: "failed"; readonly detail: string };
  let failure: unknown;
  try {
    outcome = await attempt(step, context);
  } catch (error) {
    failure = error;
    outcome = { outcome: "failed", detail: messageOf(error) };
  }
  const result: Result = { type: "result", at: clock.now(), step: step.name, ...outcome };
  await journal.append(result);
  onEvent?.({ type: "step-ended", step, at: result.at, result });
  if (result.outcome === "failed") throw failure;
}

/** Takes back, newest first, whatever was begun. A step that can't be taken back now stops it, and the run can be resumed. */
async function takeBack(
  steps: readonly Step[],
  context: StepContext,
  { journal }: WalkOptions,
): Promise<void> {
  const begun = new Set(journal.entries.flatMap((entry) => (entry.type === "intent" ? [entry.step] : [])));
  for (const step of [...steps].reverse()) {
    if (step.undo === undefined || !begun.has(step.name)) continue;
    await step.undo(context);
    await journal.append({
      type: "result",
      at: context.world.clock.now(),
      step: step.name,
      outcome: "undone",
      detail: "taken back",
    });
  }
  await journal.append({ type: "end", at: context.world.clock.now(), outcome: "rolled-back" });
}
