import { cronFault } from "../../app/cron.ts";
import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { referencesIn } from "./references.ts";

type Entries = ReadonlyMap<string, Entry>;

/** Reads the timers: commands that are run in a service at set times. */
export function readTimers(
  timers: readonly (readonly [name: string, entry: Entry])[],
  all: Entries,
  taken: Entries,
  collector: Collector,
): void {
  for (const [name, timer] of timers) {
    const service = timer.get("service");
    const runsIn = service?.text()?.trim() ?? "";
    if (all.has(runsIn) && !taken.has(runsIn)) {
      timer.dropped(`it runs in '${runsIn}', which is not carried over`);
      continue;
    }
    service?.carried();
    readTimer(name, timer, taken.get(runsIn), collector);
  }
}

function readTimer(name: string, timer: Entry, service: Entry | undefined, collector: Collector): void {
  // Without a command of its own it runs that of its service.
  const command = timer.get("command") ?? service?.get("command");
  const schedule = timer.get("schedule");
  const line = command?.text()?.trim();
  const written = schedule?.text()?.trim();
  if (command === undefined || schedule === undefined || !line || !written) return;
  const unknown = referencesIn(written);
  const cron = fiveFields(written);
  const fault = unknown ?? cronFault(cron)?.message;
  if (fault !== undefined) {
    timer.dropped(fault);
    collector.note("timer-left-out", `The timer '${name}' is left out: ${fault}`, timer, ["schedule"]);
    return;
  }
  const path = ["schedule", name];
  collector.carry(command, [...path, "command"], line);
  const target = [...path, "cron"];
  if (/\d/.test(cron.split(" ")[4] ?? ""))
    collector.approximate(schedule, target, cron, "Sunday is taken as day 0; on racks of version 2 it is 1");
  else collector.carry(schedule, target, cron);
  const policy = timer.get("concurrency");
  const overlap = policy?.text()?.toLowerCase() ?? "allow";
  if (["allow", "forbid", "replace"].includes(overlap)) {
    collector.also(policy ?? timer, [...path, "overlap"], overlap);
    policy?.carried(`schedule.${name}.overlap`);
  }
  timer.get("annotations")?.dropped("annotations can't be described");
  timer.get("parallelCount")?.dropped("one of each job runs at a time");
}

/** Racks take a sixth field, of years, and `?` for any day. */
function fiveFields(schedule: string): string {
  const fields = schedule.split(/\s+/).map((field) => (field === "?" ? "*" : field));
  return (fields.length === 6 && fields[5] === "*" ? fields.slice(0, 5) : fields).join(" ");
}
