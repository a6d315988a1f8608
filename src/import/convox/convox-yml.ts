import { accountsOf, Entry } from "../entry.ts";
import { Collector, type FileFindings } from "../findings.ts";
import { Ledger } from "../ledger.ts";
import { lookup } from "../lookup.ts";
import { parseYamlTree } from "../yaml-tree.ts";
import { Environment } from "./environment.ts";
import { chooseImage, dropOtherImage, takeImage } from "./image.ts";
import { readResources } from "./resources.ts";
import { readService } from "./service.ts";
import { readTimers } from "./timers.ts";

/** What stands beside the services, and why it has no place. */
const noPlace: Readonly<Record<string, string>> = {
  appSettings: "settings of the rack",
  balancers: "only HTTP can be described",
  budget: "settings of the rack",
  configs: "files that the platform writes can't be described",
  labels: "labels can't be described",
  params: "settings of the rack",
};

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
  const done = { file, ...collector, ...accountsOf(ledger) };
  const all = root.get("services")?.members() ?? [];
  const resources = root.get("resources")?.members() ?? [];
  const timers = root.get("timers")?.members() ?? [];
  if (all.length + resources.length + timers.length === 0) {
    root.ignored("the file has no services, resources or timers");
    return { ...done, foreign: "not a description of Convox, for it has no services, resources or timers" };
  }
  const image = chooseImage(all);
  const services = all.filter(([name]) => image === undefined || image.services.has(name));
  for (const [name, entry] of all)
    if (image !== undefined && !image.services.has(name)) dropOtherImage(name, entry, image, collector);
  readResources(
    resources,
    services.map(([, entry]) => entry),
    collector,
  );
  const environment = new Environment(root.get("environment"), collector);
  for (const [name, entry] of services) {
    takeImage(entry, collector);
    const own = environment.read(entry.get("environment"), Boolean(entry.get("command")?.text()?.trim()));
    readService(name, entry, own, collector);
  }
  readTimers(timers, new Map(all), new Map(services), collector);
  for (const [key, entry] of root.members()) {
    const reason = lookup(noPlace, key);
    if (reason !== undefined) entry.dropped(reason);
  }
  return done;
}
