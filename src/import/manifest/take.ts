import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { appName, freeName, partName } from "../names.ts";
import type { Plan } from "./applications.ts";
import { Attributes } from "./attributes.ts";
import { readBuild } from "./build.ts";
import { ownVariables, readEnv } from "./env.ts";
import { needs, readProcess } from "./process.ts";
import { readRoutes } from "./routes.ts";
import { readServices } from "./services.ts";
import { variablesIn, withoutVariables } from "./variables.ts";

/** Reads the applications of a manifest as one app. */
export function takePlan(plan: Plan, collector: Collector): void {
  const { main, mainProcess } = plan;
  takeName(plan, collector);
  readBuild(main, collector);
  readEnv(main, collector);
  readServices([main, ...plan.workers.map((worker) => worker.attributes)], collector);
  if (mainProcess === "web") readRoutes(main, collector);
  else main.get("no-route")?.carried();
  const taken = new Set([mainProcess]);
  const processes = main.get("processes")?.items() ?? [];
  const webBlock = processes.find((block) => block.get("type")?.text() === "web");
  readProcess(mainProcess, webBlock === undefined ? main : main.within(webBlock), collector);
  if (main.own !== undefined) collector.also(main.own, ["processes", mainProcess], {});
  for (const block of processes) readProcessBlock(block, block === webBlock, taken, collector);
  for (const { name, attributes } of plan.workers) {
    const process = freeName(partName(withoutVariables(name)) ?? "worker", taken);
    taken.add(process);
    readProcess(process, attributes, collector, ownVariables(attributes, main, collector));
    takeWorker(process, attributes, collector);
  }
  for (const attributes of [main, ...plan.workers.map((worker) => worker.attributes)]) {
    takeUnused(attributes, collector);
  }
  for (const other of plan.others) {
    const advice = `an app of its own: import it with --application '${other.text("name") ?? ""}'`;
    other.own?.dropped(advice);
    collector.note("other-app", `'${other.text("name") ?? "unnamed"}' is ${advice}.`, other.own);
  }
}

/** Attributes that have no place in a description. */
function takeUnused(attributes: Attributes, collector: Collector): void {
  for (const key of ["features", "metadata"]) attributes.get(key)?.dropped("there is no place for it");
  attributes.get("strategy")?.dropped("how a new release takes over is the platform's choice");
  const sidecars = attributes.get("sidecars");
  if (sidecars === undefined) return;
  sidecars.dropped("a second command beside a process can't be described");
  const message = "Sidecars are not carried over: start them from the process's own command.";
  collector.note("sidecar", message, sidecars, ["processes"]);
}

function takeName({ main }: Plan, collector: Collector): void {
  const entry = main.get("name");
  const text = entry?.text()?.trim() ?? "";
  if (entry === undefined || text === "") return;
  const name = appName(text);
  if (variablesIn(text).length > 0) entry.dropped(`${needs(variablesIn(text))}; the folder's name is taken`);
  else if (name === undefined)
    entry.dropped(`no name can be made of ${JSON.stringify(text)}; the folder's name is taken`);
  else if (name === text) collector.carry(entry, ["name"], name);
  else collector.approximate(entry, ["name"], name, "a name is 2 to 30 lower-case letters, digits and -");
}

function readProcessBlock(block: Entry, isWeb: boolean, taken: Set<string>, collector: Collector): void {
  const type = block.get("type");
  const name = type?.text()?.trim();
  if (type === undefined || !name) return;
  collector.carry(type, ["processes", name], {});
  if (isWeb) return;
  taken.add(name);
  // What is said of the application as a whole is said of its web process.
  readProcess(name, new Attributes([block]), collector);
}

/** The rest of a worker's attributes agree with the main application's: that is why it is one. */
function takeWorker(name: string, attributes: Attributes, collector: Collector): void {
  const path = ["processes", name];
  const entry = attributes.get("name");
  const reason = "an application without routes, taken as a process of the same app";
  if (entry !== undefined) collector.approximate(entry, path, {}, reason);
  if (attributes.own !== undefined) collector.also(attributes.own, path, {});
  for (const key of ["buildpack", "path", "lifecycle", "no-route"]) attributes.get(key)?.carried();
  for (const item of attributes.get("buildpacks")?.items() ?? []) item.carried("build.buildpacks");
  attributes.get("docker")?.get("image")?.carried("source.image");
  attributes.get("stack")?.carried("build.stack.cloudfoundry");
}
