import { cronFault } from "../../app/cron.ts";
import { accountsOf, Entry } from "../entry.ts";
import { Collector, type FileFindings } from "../findings.ts";
import { Ledger } from "../ledger.ts";
import { parseYamlTree } from "../yaml-tree.ts";
import { readEnvironment, readService } from "./service.ts";

/**
 * Reads a convox.yml.
 * @throws InputError when it is not YAML.
 */
export function readConvoxYml(text: string, file: string): FileFindings {
  const { tree, repairs } = parseYamlTree(text, file);
  const ledger = new Ledger(file, tree);
  const collector = new Collector();
  for (const { line, message } of repairs) collector.notes.push({ code: "mended", message, file, line });
  const root = new Entry(ledger);
  for (const [name, entry] of root.get("resources")?.members() ?? []) readResource(name, entry, collector);
  const environment = root.get("environment");
  if (environment !== undefined) readEnvironment(environment, collector);
  for (const [name, entry] of root.get("services")?.members() ?? []) readService(name, entry, collector);
  for (const [name, entry] of root.get("timers")?.members() ?? []) readTimer(name, entry, collector);
  return { file, ...collector, ...accountsOf(ledger) };
}

function readResource(name: string, entry: Entry, collector: Collector): void {
  const type = entry.get("type");
  const text = type?.text()?.trim();
  if (type === undefined || !text) return;
  if (text === "efs" || text === "volume") {
    entry.dropped("a volume that processes share can't be described: keep files in an object store");
    collector.note("volume", `'${name}' is a shared volume, which is not carried over.`, entry);
    return;
  }
  const path = ["services", name];
  collector.carry(type, [...path, "type"], text);
  for (const [key, option] of entry.get("options")?.members() ?? []) {
    const value = option.text();
    if (value !== undefined)
      collector.carry(option, key === "version" ? [...path, "version"] : [...path, "options", key], value);
  }
}

function readTimer(name: string, timer: Entry, collector: Collector): void {
  const command = timer.get("command");
  const schedule = timer.get("schedule");
  const line = command?.text()?.trim();
  const written = schedule?.text()?.trim();
  if (command === undefined || schedule === undefined || !line || !written) return;
  // A question mark stands for "any" in the day fields.
  const cron = written.replaceAll("?", "*");
  const fault = cronFault(cron);
  if (fault !== undefined) {
    timer.dropped(fault.message);
    return;
  }
  const path = ["schedule", name];
  collector.carry(command, [...path, "command"], line);
  collector.carry(schedule, [...path, "cron"], cron);
  const policy = timer.get("concurrency");
  const overlap = policy?.text()?.toLowerCase() ?? "allow";
  if (["allow", "forbid", "replace"].includes(overlap)) {
    collector.also(policy ?? timer, [...path, "overlap"], overlap);
    policy?.carried(`schedule.${name}.overlap`);
  }
  timer.get("service")?.carried();
}
