import type { AppIssue } from "./issue.ts";
import { judgeBuild } from "./rules/build.ts";
import { judgeNames } from "./rules/names.ts";
import { judgeProcesses } from "./rules/processes.ts";
import { judgeSchedule } from "./rules/schedule.ts";
import { judgeServices } from "./rules/services.ts";
import type { App } from "./schema.ts";

/** What makes no sense in a description whose shape is right. Each rule finds all that it can. */
const rules: readonly ((app: App) => readonly AppIssue[])[] = [
  judgeBuild,
  judgeProcesses,
  judgeSchedule,
  judgeServices,
  judgeNames,
];

export function judgeRules(app: App): readonly AppIssue[] {
  return rules.flatMap((rule) => rule(app));
}
