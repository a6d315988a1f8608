import type { AppIssue } from "../issue.ts";
import { linkModeOf } from "../roles.ts";
import type { App, Service } from "../schema.ts";

function judgeLink(name: string, service: Service, app: App): readonly AppIssue[] {
  const path = ["services", name, "link"];
  const { link } = service;
  const mode = linkModeOf(service);
  const issues: AppIssue[] = [];
  if ((mode === "trigger" || mode === "logical") && service.type !== "postgres") {
    issues.push({
      code: "link-mode",
      path: [...path, "mode"],
      message: `A ${mode} link is for postgres; '${name}' is ${service.type}.`,
      suggestion: "Use snapshot, shared, rebuild or none.",
    });
  }
  if (mode === "rebuild" && service.rebuild === undefined) {
    issues.push({
      code: "link-mode",
      path: [...path, "mode"],
      message: `'${name}' is to be rebuilt, but there is no command for it.`,
      suggestion: `Add services.${name}.rebuild: the command that fills it again.`,
    });
  }
  if (link.everySeconds !== undefined && mode !== "snapshot") {
    issues.push({
      code: "no-effect",
      path: [...path, "everySeconds"],
      message: `everySeconds is for snapshots; the link is ${mode}.`,
      suggestion: "Set mode: snapshot, or remove this.",
    });
  } else if (link.everySeconds !== undefined && link.everySeconds > app.objectives.rpoSeconds) {
    issues.push({
      code: "objective-missed",
      path: [...path, "everySeconds"],
      message: `A snapshot every ${link.everySeconds} s can lose more than objectives.rpoSeconds (${app.objectives.rpoSeconds} s) allows.`,
      suggestion: "Take snapshots more often, or raise objectives.rpoSeconds.",
    });
  }
  for (const [index, table] of link.exclude.entries()) {
    if (/^[^.]+\.[^.]+$/.test(table)) continue;
    issues.push({
      code: "bad-table",
      path: [...path, "exclude", index],
      message: `${JSON.stringify(table)} is not schema.table.`,
      suggestion: table.includes(".") ? "Name one table, with its schema." : `Did you mean public.${table}?`,
    });
  }
  return issues;
}

/** Links between the two sides' backing services. */
export function judgeServices(app: App): readonly AppIssue[] {
  return Object.entries(app.services).flatMap(([name, service]) => judgeLink(name, service, app));
}
