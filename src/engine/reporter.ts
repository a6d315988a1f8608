import { redact } from "../base/redact.ts";
import type { EngineEvent, EngineListener, LogSeverity, RunError, StepInfo, StepKind } from "./events.ts";
import { secretStrings } from "./secrecy.ts";
import type { Properties } from "./values.ts";

const quietSteps: readonly StepKind[] = ["same", "read", "delete-replaced"];

/** Tells the listener what happens, with every known secret masked, and keeps what a summary needs. */
export class Reporter {
  readonly #listener: EngineListener;
  readonly #secrets = new Set<string>();
  readonly #open = new Set<string>();
  readonly #errors: RunError[] = [];
  readonly #steps: StepInfo[] = [];
  readonly #counts: Partial<Record<StepKind, number>> = {};

  constructor(listener: EngineListener) {
    this.#listener = listener;
  }

  get errors(): readonly RunError[] {
    return this.#errors;
  }

  /** Steps that change something, in the order they ended. */
  get steps(): readonly StepInfo[] {
    return this.#steps;
  }

  get counts(): Readonly<Partial<Record<StepKind, number>>> {
    return this.#counts;
  }

  /** These texts are no secrets, also where they stand inside of one. */
  know(texts: readonly string[]): void {
    for (const text of texts) this.#open.add(text);
  }

  /** From now on these texts appear nowhere. */
  learn(properties: Properties): void {
    for (const text of secretStrings(properties)) if (!this.#open.has(text)) this.#secrets.add(text);
  }

  mask(text: string): string {
    return redact(text, this.#secrets);
  }

  #tell(event: EngineEvent): void {
    this.#listener(event);
  }

  log(
    severity: LogSeverity,
    message: string,
    options: { readonly urn?: string; readonly ephemeral?: boolean } = {},
  ): void {
    this.#tell({ kind: "log", severity, message: this.mask(message), ...options });
  }

  /** Something that makes the run fail. */
  fail(message: string, urn?: string): void {
    const place = urn === undefined ? {} : { urn };
    const masked = this.mask(message);
    this.#errors.push({ message: masked, ...place });
    this.#tell({ kind: "log", severity: "error", message: masked, ...place });
  }

  start(step: StepInfo): void {
    this.#tell({ kind: "step-start", ...step });
  }

  end(step: StepInfo, startedAt: number): void {
    this.#counts[step.step] = (this.#counts[step.step] ?? 0) + 1;
    if (!quietSteps.includes(step.step)) this.#steps.push(step);
    this.#tell({ kind: "step-end", ...step, durationMs: performance.now() - startedAt });
  }

  endFailed(step: StepInfo, startedAt: number, message: string): void {
    const error = this.mask(message);
    this.#errors.push({ message: error, urn: step.urn });
    this.#tell({ kind: "step-end", ...step, durationMs: performance.now() - startedAt, error });
  }
}
