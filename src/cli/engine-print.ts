import type { Json } from "../base/json.ts";
import type { EngineEvent, PropertyChange, RunSummary, StackOutputs, StepKind } from "../engine/events.ts";
import type { RunFailedError } from "../engine/run-failed.ts";
import { terminal } from "./terminal.ts";

const symbols: Readonly<Record<StepKind, string>> = {
  create: "+",
  update: "~",
  replace: "+-",
  delete: "-",
  "delete-replaced": "-",
  same: " ",
  read: "<",
  refresh: "~",
  import: "=",
  discard: "-",
};

const done: Readonly<Record<StepKind, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  "delete-replaced": "old one deleted",
  same: "unchanged",
  read: "read",
  refresh: "refreshed",
  import: "imported",
  discard: "forgotten",
};

const styles: Partial<Readonly<Record<StepKind, "green" | "yellow" | "red" | "cyan">>> = {
  create: "green",
  update: "yellow",
  replace: "yellow",
  delete: "red",
  "delete-replaced": "red",
  discard: "red",
  refresh: "yellow",
  import: "cyan",
};

function describeChange({ path, kind, replaces, before, after }: PropertyChange): string {
  const mark = replaces ? " (replaces)" : "";
  const text = (value: Json | undefined): string => (value === undefined ? "?" : JSON.stringify(value));
  if (kind === "add") return `      + ${path}: ${text(after)}${mark}`;
  if (kind === "delete") return `      - ${path}: ${text(before)}${mark}`;
  const values = before === undefined && after === undefined ? "" : `: ${text(before)} => ${text(after)}`;
  return `      ~ ${path}${values}${mark}`;
}

/** Prints a line a resource as it ends. `planned` says what would be done instead of what was. */
export function progressPrinter(planned: boolean): (event: EngineEvent) => void {
  return (event) => {
    if (event.kind === "log") {
      if (event.severity === "debug" || event.ephemeral === true) return;
      const label = event.severity === "info" ? "" : `${event.severity === "error" ? "error" : "warning"}: `;
      terminal.progress(`  ${terminal.style("dim", `${label}${event.message}`, process.stderr)}`);
      return;
    }
    if (event.kind !== "step-end" || (event.step === "same" && event.error === undefined)) return;
    const style = event.error === undefined ? styles[event.step] : "red";
    const symbol =
      style === undefined ? symbols[event.step] : terminal.style(style, symbols[event.step], process.stderr);
    const seconds = (event.durationMs / 1000).toFixed(1);
    const outcome =
      event.error === undefined
        ? planned
          ? event.step
          : `${done[event.step]} (${seconds}s)`
        : `failed: ${event.error}`;
    terminal.progress(` ${symbol.padEnd(2)} ${event.type} ${event.name} ${outcome}`);
    if (planned || event.step === "refresh") {
      for (const change of event.changes) terminal.progress(describeChange(change));
    }
  };
}

/** Outputs as they may be shown. */
export function shownOutputs(outputs: StackOutputs, showSecrets: boolean): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { value, secret }]) => [
      name,
      secret && !showSecrets ? "[secret]" : value,
    ]),
  );
}

export function printOutputs(outputs: Readonly<Record<string, Json>>): void {
  const names = Object.keys(outputs);
  if (names.length === 0) return;
  const width = Math.max(...names.map((name) => name.length));
  terminal.print("Outputs:");
  for (const [name, value] of Object.entries(outputs)) {
    terminal.print(`  ${name.padEnd(width)}  ${typeof value === "string" ? value : JSON.stringify(value)}`);
  }
}

/** `+ 3 created, 2 unchanged`. */
function counts(summary: RunSummary, planned: boolean): string {
  const verb = (kind: StepKind): string => (planned && kind !== "same" ? `to ${kind}` : done[kind]);
  const parts = (Object.keys(symbols) as StepKind[])
    // It belongs to a replacement, which is counted.
    .filter((kind) => kind !== "delete-replaced" && (summary.counts[kind] ?? 0) > 0)
    .map((kind) => `${symbols[kind]} ${summary.counts[kind]} ${verb(kind)}`.trim());
  return parts.length === 0 ? "none" : parts.join(", ");
}

/** A run as `--json` prints it. */
export function summaryJson(summary: RunSummary, showSecrets: boolean): Record<string, unknown> {
  return {
    operation: summary.operation,
    result: "succeeded",
    resources: summary.counts,
    steps: summary.steps,
    outputs: shownOutputs(summary.outputs, showSecrets),
    durationSeconds: Number((summary.durationMs / 1000).toFixed(3)),
  };
}

/** The end of a run that went well: outputs, then one line. */
export function printSummary(summary: RunSummary, showSecrets: boolean, planned: boolean): void {
  printOutputs(shownOutputs(summary.outputs, showSecrets));
  const seconds = (summary.durationMs / 1000).toFixed(1);
  terminal.print(`Resources: ${counts(summary, planned)}; Duration: ${seconds}s`);
}

/** The end of a run that failed: everything that went wrong, then what was done all the same. */
export function printFailure(error: RunFailedError, planned: boolean): void {
  const ended = error.code === "run-cancelled" ? "was cancelled" : "failed";
  terminal.progress(terminal.style("red", `The ${error.summary.operation} ${ended}.`, process.stderr));
  for (const { urn, message } of error.errors) {
    terminal.progress(`  ${urn === undefined ? "" : `${urn}: `}${message}`);
  }
  terminal.progress(`Resources: ${counts(error.summary, planned)}`);
  if (error.suggestion !== undefined) terminal.progress(error.suggestion);
}
