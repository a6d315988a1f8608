import { type ErrorOptions, RetryableError, UnderstudyError } from "../../../src/base/errors.ts";
import type { Problem } from "../../../src/base/problem.ts";

/** A manager that holds fields which another wants to set, by server-side apply. */
export interface FieldConflict {
  readonly manager: string;
  /** e.g. `.spec.replicas`. */
  readonly fields: readonly string[];
}

/**
 * What the API server refused. Codes: `credentials-rejected`, `forbidden`, `quota-exceeded`, `admission-refused`,
 * `invalid`, `field-conflict`, `conflict`, `already-exists`, `gone`, `refused-by-platform`.
 */
export class KubernetesError extends UnderstudyError {
  readonly status: number;
  /** The server's own word for it, e.g. `Forbidden`; empty when the answer had none. */
  readonly reason: string;
  /** Of `invalid`: what is wrong, field by field. */
  readonly problems: readonly Problem[];
  /** Of `field-conflict`: who holds what. */
  readonly conflicts: readonly FieldConflict[];

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly status: number;
      readonly reason: string;
      readonly problems?: readonly Problem[];
      readonly conflicts?: readonly FieldConflict[];
    },
  ) {
    super(message, options);
    this.status = options.status;
    this.reason = options.reason;
    this.problems = options.problems ?? [];
    this.conflicts = options.conflicts ?? [];
  }
}

/** The request was sent, and no answer came: whether it was carried out is not known. */
export class LostAnswerError extends RetryableError {}

/** Whether an error is a refusal with that code. */
export function isRefusal(error: unknown, code: string): error is KubernetesError {
  return error instanceof KubernetesError && error.code === code;
}
