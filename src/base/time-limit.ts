import { UnderstudyError } from "./errors.ts";

/** The time that an operation was given is up. */
export class TimeLimitError extends UnderstudyError {
  readonly seconds: number;

  constructor(seconds: number, suggestion: string, seen = "no reason is known") {
    super(`Not done within ${seconds} s: ${seen}`, { code: "time-limit", suggestion });
    this.seconds = seconds;
  }

  /** The same, and what stood in the way at the end. */
  seeing(seen: string): TimeLimitError {
    return new TimeLimitError(this.seconds, this.suggestion ?? "", seen);
  }
}

/** A signal that ends with a {@link TimeLimitError}; its timer keeps no process alive. */
export function timeLimit(seconds: number, suggestion: string): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort(new TimeLimitError(seconds, suggestion));
  setTimeout(end, Math.ceil(seconds * 1000)).unref();
  return controller.signal;
}

/** Why an ended signal ended; where a time limit did it, with what was `seen` last. */
export function endOf({ reason }: AbortSignal, seen: string): unknown {
  return reason instanceof TimeLimitError ? reason.seeing(seen) : reason;
}
