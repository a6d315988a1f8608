import type { Problem } from "./problem.ts";

/** What every error of Understudy carries. `code` is stable and machine-readable; messages are for people. */
export interface ErrorOptions {
  /** Stable, kebab-case, e.g. `"zone-refused"`. Callers branch on it, never on the message. */
  readonly code: string;
  /** Where: a file with line, a path in the app, a resource name. */
  readonly path?: string;
  readonly cause?: unknown;
  /** What the reader can do next, as an imperative sentence. */
  readonly suggestion?: string;
}

/** The base class. The message says what was seen; `path` where; `suggestion` what to do. */
export class UnderstudyError extends Error {
  readonly code: string;
  readonly path: string | undefined;
  readonly suggestion: string | undefined;

  constructor(message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.path = options.path;
    this.suggestion = options.suggestion;
  }
}

/** The same call may succeed later: time-outs, resets, 429, 5xx. */
export class RetryableError extends UnderstudyError {
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { readonly retryAfterMs?: number | undefined }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A safety rule said no. The message says what was seen, `rule` which rule, `suggestion` how to override it. */
export class RefusedError extends UnderstudyError {
  readonly rule: string;

  constructor(message: string, options: ErrorOptions & { readonly rule: string }) {
    super(message, options);
    this.rule = options.rule;
  }
}

/** The thing asked for can't be had there: a capability that a platform or the offline engine lacks. */
export class UnsupportedError extends UnderstudyError {}

/** The thing named isn't there (or may not be seen with these credentials). */
export class NotFoundError extends UnderstudyError {}

/** Bad input. Carries every problem found, not just the first; the command line exits with 2. */
export class InputError extends UnderstudyError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options: Partial<ErrorOptions> = {}) {
    const first = problems[0];
    super(problems.map((problem) => problem.message).join("; "), {
      code: first?.code ?? "bad-input",
      ...(first?.path === undefined ? {} : { path: first.path }),
      ...(first?.suggestion === undefined ? {} : { suggestion: first.suggestion }),
      ...options,
    });
    this.problems = problems;
  }
}

/** The text of any thrown value, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
