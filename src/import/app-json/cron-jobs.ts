import { cronFault, cronOfNickname } from "../../app/cron.ts";
import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { freeName, partName } from "../names.ts";

/** Reads `cron` of an app.json (Dokku): a list of commands and when they run. */
export function readCron(list: Entry, collector: Collector): void {
  const taken = new Set<string>();
  for (const item of list.items()) {
    const command = item.get("command");
    const schedule = item.get("schedule");
    const line = command?.text()?.trim();
    const written = schedule?.text()?.trim();
    if (command === undefined || schedule === undefined || !line || written === undefined) continue;
    const cron = cronOfNickname(written) ?? written;
    const fault = cronFault(cron);
    if (fault !== undefined) {
      item.dropped(fault.message);
      continue;
    }
    const name = freeName(jobName(line), taken);
    taken.add(name);
    collector.carry(command, ["schedule", name, "command"], line);
    const reason = "it ran by the time zone of its host; UTC is taken";
    collector.approximate(schedule, ["schedule", name, "cron"], cron, reason);
    const policy = item.get("concurrency_policy");
    const overlap = policy?.text() ?? "allow";
    if (["allow", "forbid", "replace"].includes(overlap))
      collector.also(policy ?? item, ["schedule", name, "overlap"], overlap);
    policy?.carried(`schedule.${name}.overlap`);
  }
}

/** Words that start other commands, and say nothing of what is done. */
const runners = new Set([
  "bin",
  "bundle",
  "exec",
  "manage",
  "node",
  "npm",
  "npx",
  "php",
  "python",
  "python3",
  "rails",
  "rake",
  "run",
  "sh",
  "bash",
  "yarn",
]);

/** The last words of a command say best what it does: `python manage.py runjobs daily` is `runjobs-daily`. */
function jobName(command: string): string {
  const words = command
    .split(/\s+/)
    .filter((word) => !word.startsWith("-") && !/[=&|;<>'"$]/.test(word))
    .map((word) => word.replace(/^.*\//, "").replace(/\.\w{1,4}$/, ""));
  const telling = words.filter((word) => !runners.has(word));
  return partName(telling.slice(-2).join("-").slice(0, 40)) ?? "job";
}
