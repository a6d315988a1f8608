import type { EngineListener, RunSummary, StackOutputs } from "./events.ts";

/**
 * Steps at once of the offline engine. Most of a step is waiting, for a plugin and the disk: on two cores 500 trivial
 * resources went at 267 a second with 16, 370 with 64. What a platform bears is its provider's to know.
 */
export const defaultParallel = 64;

/** How to run. */
export interface RunOptions {
  /** Told what happens, as it happens. */
  readonly onEvent?: EngineListener;
  /** When aborted, no new step begins; those under way end. */
  readonly signal?: AbortSignal;
  /** When aborted, program and plugins are ended at once; what they were doing stays noted as pending. */
  readonly killSignal?: AbortSignal;
  /** Steps at once. @default {@link defaultParallel} offline; what the CLI thinks best with Pulumi */
  readonly parallel?: number;
}

export interface DestroyOptions extends RunOptions {
  /** Asked before anything is deleted, with the stack's outputs; throws to refuse. */
  readonly beforeDestroy?: (outputs: StackOutputs) => Promise<void>;
}

/** One stack, run by either engine. Runs throw `RunFailedError` when something failed or they were cancelled. */
export interface StackEngine {
  /** Brings what exists in line with the program. */
  up(options?: RunOptions): Promise<RunSummary>;
  /** What `up` would do. Changes nothing. */
  preview(options?: RunOptions): Promise<RunSummary>;
  /** Brings the state in line with what exists. */
  refresh(options?: RunOptions): Promise<RunSummary>;
  /** Deletes all that the stack made. Refuses when something of it is protected. */
  destroy(options?: DestroyOptions): Promise<RunSummary>;
  /** The stack's outputs, decrypted, from the state alone. */
  outputs(): Promise<StackOutputs>;
  /** The state, secrets encrypted, as `import` of either engine takes it. */
  export(): Promise<string>;
  /** Takes over a state that either engine exported; `source` is named in errors. */
  import(text: string, source: string): Promise<void>;
}
