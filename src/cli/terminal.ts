import { styleText } from "node:util";
import { InputError, messageOf, RefusedError, UnderstudyError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { formatProblem } from "../base/problem.ts";

type Style = "red" | "green" | "yellow" | "cyan" | "bold" | "dim";

/** What commands print with: results to stdout, progress and errors to stderr; colour only on a terminal. */
export const terminal = {
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  },
  printJson(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
  },
  progress(text: string): void {
    process.stderr.write(`${text}\n`);
  },
  /** Styled for stdout or stderr, whichever it will be printed on. */
  style(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
    return styleText(style, text, { stream });
  },
};

/** An error as `--json` prints it. */
export function errorToJson(error: unknown): Json {
  if (error instanceof InputError) {
    return { error: { code: error.code, problems: error.problems.map((problem) => ({ ...problem })) } };
  }
  if (!(error instanceof UnderstudyError)) return { error: { code: "internal", message: messageOf(error) } };
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(error.path === undefined ? {} : { path: error.path }),
      ...(error instanceof RefusedError ? { rule: error.rule } : {}),
      ...(error.suggestion === undefined ? {} : { suggestion: error.suggestion }),
    },
  };
}

/** An error as a person reads it: no stack trace, unless it is a bug of ours. */
export function errorToText(error: unknown): string {
  const label = terminal.style("red", "error:", process.stderr);
  if (error instanceof InputError) {
    return error.problems.map((problem) => `${label} ${formatProblem(problem)}`).join("\n");
  }
  if (!(error instanceof UnderstudyError)) {
    return `${label} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  }
  const where = error.path === undefined ? "" : `${error.path}: `;
  const next = error.suggestion === undefined ? "" : `\n  ${error.suggestion}`;
  return `${label} ${where}${error.message}${next}`;
}
