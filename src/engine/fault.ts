import { InputError, UnderstudyError } from "../base/errors.ts";

/** What went wrong with a resource, with what to do next. Only a bug of ours comes with its stack. */
export function faultText(error: unknown): string {
  if (error instanceof InputError) {
    return error.problems
      .map(({ path, message, suggestion }) =>
        [path && `${path}:`, message, suggestion].filter(Boolean).join(" "),
      )
      .join("; ");
  }
  if (error instanceof UnderstudyError) {
    return error.suggestion === undefined ? error.message : `${error.message} ${error.suggestion}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
