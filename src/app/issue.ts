import type { Problem } from "../base/problem.ts";

/** Keys and list positions, from the root of the description. */
export type AppPath = readonly (string | number)[];

/** A problem of a description, before it is known where in a file that is. */
export interface AppIssue {
  readonly code: string;
  readonly path: AppPath;
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** The last part of the path is a key that is itself wrong, not its value. @default false */
  readonly atKey?: boolean;
}

/** Where a description came from, so that problems can point into it. */
export interface Origin {
  readonly file?: string;
  /** 1-based place of a value, or of its key; of the nearest thing around it that is there, if it is not. */
  readonly locate?: (
    path: AppPath,
    atKey: boolean,
  ) => { readonly line: number; readonly column: number } | undefined;
}

/** `processes.web.http.port`, `domains[0]`. */
export function pathText(path: AppPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

export function toProblem(issue: AppIssue, origin: Origin): Problem {
  const place = origin.locate?.(issue.path, issue.atKey === true);
  const path = pathText(issue.path);
  return {
    code: issue.code,
    message: issue.message,
    ...(path === "" ? {} : { path }),
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(place === undefined ? {} : { line: place.line, column: place.column }),
    ...(issue.suggestion === undefined ? {} : { suggestion: issue.suggestion }),
  };
}
