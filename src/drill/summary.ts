import { count, milliseconds, seconds } from "./format.ts";
import { type ActResult, type DrillResult, failuresOf } from "./result.ts";

/** The result as a small table for a terminal, one column an act, and below it what was missed. Pure. */
export function renderSummary(result: DrillResult): string {
  const { primary, mirror } = result.sites;
  const { acts } = result;
  const row = (name: string, cell: (act: ActResult) => string) => [name, ...acts.map(cell)];
  const rows = [
    row("", (act) => act.name),
    row("", (act) => `${act.from} \u2192 ${act.to}`),
    row("recovery time", ({ measure }) =>
      measure.rtoSeconds === undefined ? "not over" : seconds(measure.rtoSeconds),
    ),
    row("decision to DNS", ({ measure }) => milliseconds(measure.decisionToDnsMs)),
    row("requests", ({ measure }) => count(measure.requests)),
    row("failed", ({ measure }) => count(measure.failedRequests)),
    row("acknowledged writes", ({ measure }) => count(measure.ackedWrites)),
    row("lost", ({ measure }) =>
      measure.declaredLoss === undefined
        ? count(measure.lostWrites)
        : `${count(measure.lostWrites)} (declared: ${count(measure.declaredLoss)})`,
    ),
    row("unexplained", ({ measure }) => count(measure.unexplainedWrites)),
    row("latency p50 / p95", ({ measure }) =>
      measure.latency === undefined
        ? "none"
        : `${milliseconds(measure.latency.p50)} / ${milliseconds(measure.latency.p95)}`,
    ),
    row("objectives", (act) => (failuresOf(act, result.objectives).length === 0 ? "met" : "MISSED")),
  ];
  const missed = acts.flatMap((act) =>
    failuresOf(act, result.objectives).map((failure) => `${act.name}: ${failure}.`),
  );
  return [
    `${result.app}: ${primary.title} (${primary.name}) and ${mirror.title} (${mirror.name}), brought up in ${seconds(result.upSeconds)}; drill ${seconds(result.wallSeconds)}`,
    "",
    ...table(rows),
    ...(missed.length === 0 ? [] : ["", ...missed]),
  ].join("\n");
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("   ")
      .trimEnd(),
  );
}
