import { UnderstudyError } from "../base/errors.ts";
import type { RunError, RunSummary } from "./events.ts";
import { nameOf } from "./urn.ts";

/** A run in which something failed, or that was cancelled. What was done is kept, and told in `summary`. */
export class RunFailedError extends UnderstudyError {
  readonly errors: readonly RunError[];
  readonly summary: RunSummary;

  constructor(summary: RunSummary, errors: readonly RunError[], isCancelled: boolean) {
    const [first] = errors;
    const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    const place = first?.urn === undefined ? "" : `${nameOf(first.urn)}: `;
    const failed = `The ${summary.operation} failed: ${place}${first?.message ?? ""}${others}`;
    super(isCancelled ? `The ${summary.operation} was cancelled.` : failed, {
      code: isCancelled ? "run-cancelled" : "run-failed",
      suggestion: "What was done is kept: mend the cause and run it again, it goes on from there.",
    });
    this.errors = errors;
    this.summary = summary;
  }
}
