import { nearest } from "../../base/nearest.ts";
import { cronFault } from "../cron.ts";
import type { AppIssue } from "../issue.ts";
import type { App } from "../schema.ts";

function timezoneExists(name: string): boolean {
  // Offsets such as +02:00 are accepted by Intl, but not by the platforms' schedulers.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Cron lines and time zones. */
export function judgeSchedule(app: App): readonly AppIssue[] {
  return Object.entries(app.schedule).flatMap(([name, job]) => {
    const issues: AppIssue[] = [];
    const fault = cronFault(job.cron);
    if (fault !== undefined) issues.push({ code: "bad-cron", path: ["schedule", name, "cron"], ...fault });
    if (!timezoneExists(job.timezone)) {
      const meant = nearest(job.timezone, Intl.supportedValuesOf("timeZone"));
      issues.push({
        code: "bad-timezone",
        path: ["schedule", name, "timezone"],
        message: `There is no time zone ${JSON.stringify(job.timezone)}.`,
        suggestion:
          meant === undefined ? "Use an IANA name, e.g. Europe/Berlin or UTC." : `Did you mean ${meant}?`,
      });
    }
    return issues;
  });
}
