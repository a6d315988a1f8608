import type { Json } from "../base/json.ts";

/**
 * What is done with one resource, in the words of Pulumi's own progress. `delete-replaced` is the deletion that belongs
 * to a replacement; `discard` forgets what such a deletion left when nobody wants the resource any more.
 */
export type StepKind =
  | "create"
  | "update"
  | "replace"
  | "delete"
  | "delete-replaced"
  | "same"
  | "read"
  | "refresh"
  | "import"
  | "discard";

/** One property that differs. Secrets and unknowns are masked already. */
export interface PropertyChange {
  /** e.g. `config.FEATURE_X` or `ports[0]`. */
  readonly path: string;
  readonly kind: "add" | "update" | "delete";
  /** Whether this difference is why the resource is replaced. */
  readonly replaces: boolean;
  readonly before?: Json;
  readonly after?: Json;
}

export interface StepInfo {
  readonly step: StepKind;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly changes: readonly PropertyChange[];
}

export type LogSeverity = "debug" | "info" | "warning" | "error";

/** What the engine tells while it works. Nothing in it is secret. */
export type EngineEvent =
  | (StepInfo & { readonly kind: "step-start" })
  | (StepInfo & { readonly kind: "step-end"; readonly durationMs: number; readonly error?: string })
  | {
      readonly kind: "log";
      readonly severity: LogSeverity;
      readonly message: string;
      readonly urn?: string;
      /** Replaced by what follows: a progress note. */
      readonly ephemeral?: boolean;
    };

export type EngineListener = (event: EngineEvent) => void;

/** One thing that went wrong in a run. */
export interface RunError {
  readonly message: string;
  readonly urn?: string;
}

/** An output of the stack, decrypted. */
export interface StackOutput {
  readonly value: Json;
  readonly secret: boolean;
}

export type StackOutputs = Readonly<Record<string, StackOutput>>;

/** What a run did. */
export interface RunSummary {
  readonly operation: "up" | "preview" | "refresh" | "destroy";
  /** How many resources had each kind of step. */
  readonly counts: Readonly<Partial<Record<StepKind, number>>>;
  /** Every step that changes something, in the order they ended. */
  readonly steps: readonly StepInfo[];
  readonly outputs: StackOutputs;
  readonly durationMs: number;
}
