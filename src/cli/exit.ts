import { InputError, RefusedError, UnderstudyError } from "../base/errors.ts";

/** What the command line's exit codes mean; `understudy --help` prints them. */
export const exitCode = {
  ok: 0,
  /** The operation was tried and failed. */
  failed: 1,
  /** The input is wrong: options, files, descriptions. */
  badInput: 2,
  /** `check` found fields that the platform drops (or, with --strict, approximates). */
  notFaithful: 3,
  /** A safety rule refused; the message says how to override it. */
  refused: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** Whether an error comes of a Ctrl-C, at any depth. */
function wasInterrupted(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error instanceof UnderstudyError && error.code === "interrupted") || wasInterrupted(error.cause);
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof InputError) return exitCode.badInput;
  if (error instanceof RefusedError) return exitCode.refused;
  return wasInterrupted(error) ? exitCode.interrupted : exitCode.failed;
}
