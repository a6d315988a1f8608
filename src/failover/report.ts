import type { Entry, Mode, Outcome } from "./journal.ts";

/** One step as it went. Times are milliseconds since 1970. */
export interface StepReport {
  readonly name: string;
  readonly title: string;
  readonly startedAt: number;
  /** Undefined while it runs, or when the run was cut off in it. */
  readonly endedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly detail: string;
}

/** What a run did. */
export interface RunReport {
  readonly run: string;
  readonly mode: Mode;
  readonly from: string;
  readonly to: string;
  readonly epoch: number;
  readonly declaredLoss: number;
  /** When it was decided: the run's first entry. */
  readonly startedAt: number;
  /** When the zone led users to the new side; undefined when it never did. */
  readonly trafficAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly outcome: "done" | "rolled-back" | "abandoned" | "unfinished";
  readonly steps: readonly StepReport[];
}

/** Made from the journal alone; a step that was tried several times shows its first start and its last end. */
export function reportOf(entries: readonly Entry[]): RunReport | undefined {
  const start = entries.find((entry) => entry.type === "start");
  if (start === undefined) return undefined;
  const end = entries.find((entry) => entry.type === "end");
  const steps = new Map<string, StepReport>();
  for (const entry of entries) {
    if (entry.type === "intent" && !steps.has(entry.step)) {
      const { step: name, title, at: startedAt } = entry;
      steps.set(name, { name, title, startedAt, endedAt: undefined, outcome: undefined, detail: "" });
    }
    const known = entry.type === "result" ? steps.get(entry.step) : undefined;
    if (entry.type === "result" && known !== undefined) {
      steps.set(entry.step, { ...known, endedAt: entry.at, outcome: entry.outcome, detail: entry.detail });
    }
  }
  const { run, mode, from, to, epoch, declaredLoss } = start.plan;
  const traffic = steps.get("traffic");
  const moved = traffic?.outcome === "done" || traffic?.outcome === "already";
  return {
    run,
    mode,
    from,
    to,
    epoch,
    declaredLoss,
    startedAt: start.at,
    trafficAt: moved ? traffic.endedAt : undefined,
    endedAt: end?.at,
    outcome: end?.outcome ?? "unfinished",
    steps: [...steps.values()],
  };
}
