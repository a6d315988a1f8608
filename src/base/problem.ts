/** One thing that is wrong with an input, with everything needed to mend it. */
export interface Problem {
  /** Stable, kebab-case, e.g. `"unknown-key"`. */
  readonly code: string;
  readonly message: string;
  /** Where in the description, e.g. `processes.web.http.port`. */
  readonly path?: string;
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  readonly suggestion?: string;
}

/** `file:line:column: path: message (suggestion)`, leaving out what isn't known. */
export function formatProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.line === undefined ? undefined : problem.column]
    .filter((part) => part !== undefined)
    .join(":");
  const where = [place, problem.path].filter((part) => part !== undefined && part !== "").join(": ");
  const text = where === "" ? problem.message : `${where}: ${problem.message}`;
  return problem.suggestion === undefined ? text : `${text} ${problem.suggestion}`;
}
