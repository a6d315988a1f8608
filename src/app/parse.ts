import { InputError } from "../base/errors.ts";
import { type AppIssue, type Origin, toProblem } from "./issue.ts";
import { judgeRules } from "./rules.ts";
import { type App, type AppInput, appSchema } from "./schema.ts";
import { fromZod } from "./zod-issues.ts";

/** What became of an input: a complete description, or all that is wrong with it. */
export type Checked =
  | { readonly app: App; readonly issues: readonly [] }
  | { readonly app: undefined; readonly issues: readonly AppIssue[] };

/** Checks shape and sense. The shape's problems do not hide those of the sense: both are looked for. */
export function checkApp(input: unknown): Checked {
  const parsed = appSchema.safeParse(input);
  if (parsed.success) {
    const issues = judgeRules(parsed.data);
    return issues.length === 0 ? { app: parsed.data, issues: [] } : { app: undefined, issues };
  }
  const shape = fromZod(parsed.error.issues, input);
  const rest = readableRest(input, shape);
  return { app: undefined, issues: [...shape, ...(rest === undefined ? [] : judgeRules(rest))] };
}

/**
 * The complete description, with its defaults.
 * @throws InputError with every problem: code, path and, where the origin knows them, file, line and column.
 */
export function parseApp(input: unknown, origin: Origin = {}): App {
  const { app, issues } = checkApp(input);
  if (app !== undefined) return app;
  const problems = issues.map((issue) => toProblem(issue, origin));
  throw new InputError(
    problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  );
}

/**
 * A description written in TypeScript.
 * @example
 * export const app = defineApp({ name: "guestbook", processes: { web: { command: "node server.js" } } });
 * @throws InputError as {@link parseApp} does.
 */
export function defineApp(input: AppInput): App {
  return parseApp(input);
}

/** The input without what is wrong in its shape, so that the rules can judge all else; undefined when too little is left. */
function readableRest(input: unknown, issues: readonly AppIssue[]): App | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  let rest: unknown = structuredClone({ ...input });
  let found = issues;
  // Taking a value out can leave what is around it incomplete; each round climbs one level.
  for (let round = 0; round < 6; round++) {
    for (const issue of found) rest = remove(rest, issue);
    const parsed = appSchema.safeParse({ name: "unnamed", ...(rest as object) });
    if (parsed.success) return parsed.data;
    found = fromZod(parsed.error.issues, rest);
  }
  return undefined;
}

/** Takes out what is wrong. A list goes as a whole: else the places of its other items would no longer be right. */
function remove(root: unknown, issue: AppIssue): unknown {
  const whole = issue.code === "missing" ? issue.path.slice(0, -1) : issue.path;
  const list = whole.findIndex((part) => typeof part === "number");
  const path = list === -1 ? whole : whole.slice(0, list);
  const last = path.at(-1);
  if (last === undefined) return root;
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], root);
  if (typeof holder === "object" && holder !== null) delete (holder as Record<string, unknown>)[last];
  return root;
}
