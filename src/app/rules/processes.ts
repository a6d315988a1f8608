import type { AppIssue } from "../issue.ts";
import type { App, Process } from "../schema.ts";

function judgeScale(name: string, { scale, singleton }: Process): readonly AppIssue[] {
  const path = ["processes", name, "scale"];
  const { count, min, max, cpuPercent } = scale;
  const issues: AppIssue[] = [];
  if (min !== undefined && max !== undefined && min > max) {
    issues.push({
      code: "scale-range",
      path: [...path, "min"],
      message: `The least (${min}) is more than the most (${max}).`,
      suggestion: "Make min at most max.",
    });
  } else if (count !== 0 && (count < (min ?? 0) || count > (max ?? count))) {
    issues.push({
      code: "scale-range",
      path: [...path, "count"],
      message: `${count} is outside ${min ?? 0} to ${max ?? "any"}.`,
      suggestion: "Put count between min and max.",
    });
  }
  if (cpuPercent !== undefined && max === undefined) {
    issues.push({
      code: "scale-range",
      path: [...path, "cpuPercent"],
      message: "Scaling by CPU needs an upper bound.",
      suggestion: "Add max.",
    });
  }
  if (singleton && (count > 1 || (max ?? 1) > 1)) {
    issues.push({
      code: "singleton-scaled",
      path: [...path, count > 1 ? "count" : "max"],
      message: `'${name}' must never run twice, yet it is scaled to ${Math.max(count, max ?? 0)}.`,
      suggestion: "Keep it at 1, or set singleton: false.",
    });
  }
  return issues;
}

/** Scales, ports and roles of processes. */
export function judgeProcesses(app: App): readonly AppIssue[] {
  const portOwner = new Map<number, string>();
  return Object.entries(app.processes).flatMap(([name, process]) => {
    const issues: AppIssue[] = [...judgeScale(name, process)];
    if (name === "release") {
      issues.push({
        code: "reserved-name",
        path: ["processes", name],
        atKey: true,
        message: "'release' is the release command's name on several platforms, it can't be a process.",
        suggestion: "Write it as release: { command: ... }, or rename the process.",
      });
    }
    const port = process.http?.port;
    const other = port === undefined ? undefined : portOwner.get(port);
    if (port !== undefined && other !== undefined) {
      issues.push({
        code: "port-taken",
        path: ["processes", name, "http", "port"],
        message: `Port ${port} is already that of '${other}'.`,
        suggestion: "Give each process a port of its own, or leave the port out and listen on $PORT.",
      });
    } else if (port !== undefined) portOwner.set(port, name);
    if (process.roles !== undefined && new Set(process.roles).size < process.roles.length) {
      issues.push({
        code: "duplicate",
        path: ["processes", name, "roles"],
        message: "A role is named twice.",
        suggestion: "Name each role once.",
      });
    }
    return issues;
  });
}
