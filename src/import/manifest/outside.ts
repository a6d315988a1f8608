import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import type { Tree } from "../tree.ts";
import { variablesIn } from "./variables.ts";

/** All that can be said of an application. */
const attributeKeys = new Set([
  "name",
  "buildpack",
  "buildpacks",
  "command",
  "default-route",
  "disk_quota",
  "docker",
  "domain",
  "domains",
  "env",
  "health-check-http-endpoint",
  "health-check-interval",
  "health-check-invocation-timeout",
  "health-check-type",
  "host",
  "hosts",
  "instances",
  "lifecycle",
  "log-rate-limit-per-second",
  "memory",
  "no-hostname",
  "no-route",
  "path",
  "random-route",
  "routes",
  "services",
  "stack",
  "timeout",
]);

const routeKeys = new Set([
  "default-route",
  "domain",
  "domains",
  "host",
  "hosts",
  "no-hostname",
  "random-route",
  "routes",
]);

/** Reads what stands beside `applications`. */
export function takeOutside(layer: Entry, hasParent: boolean, collector: Collector): void {
  const inherit = layer.get("inherit");
  if (hasParent) inherit?.carried();
  else if (inherit !== undefined) {
    inherit.dropped("the file that it names is not there");
    const message = `It inherits from ${inherit.text()}, which is not there: what that file says is missing.`;
    collector.note("parent-missing", message, inherit);
  }
  layer.get("version")?.ignored("the format's version");
  layer
    .get("declared-services")
    ?.ignored("for IBM's tools, that made services of it: the platform never read it");
  const names = layer.members().flatMap(([key]) => (attributeKeys.has(key) && key !== "name" ? [key] : []));
  if (names.length === 0) return;
  const message = `Attributes outside of applications (${names.join(", ")}) are no longer accepted by the platform; they were read as for all applications.`;
  collector.note("deprecated", message, layer);
}

const overridden = "a more specific place says otherwise";

/** Accounts for attributes of an outer or inherited block that some more specific block overrides. */
export function sweepOuter(block: Entry): void {
  for (const [key, entry] of block.members()) {
    if (!attributeKeys.has(key)) continue;
    if (key === "env") sweepEnv(entry);
    else if (!entry.touched) entry.ignored(overridden);
  }
}

/** Accounts for attributes of an application's own block that have no effect; what is not understood stays so. */
export function sweepOwn(block: Entry): void {
  const processes = block.get("processes")?.items() ?? [];
  const web = processes.find((process) => process.get("type")?.text() === "web");
  const noRoute = block.get("no-route")?.scalar() === true;
  for (const [key, entry] of block.members()) {
    if (key === "env") sweepEnv(entry);
    else if (entry.touched) continue;
    else if (web?.get(key) !== undefined) entry.ignored("its web process says otherwise");
    else if (noRoute && routeKeys.has(key)) entry.ignored("no-route says that there is none");
  }
}

function sweepEnv(env: Entry): void {
  for (const [, variable] of env.members()) if (!variable.touched) variable.ignored(overridden);
}

/** Names the variables of a manifest that have no value. */
export function noteVariables(layers: readonly Entry[], collector: Collector): void {
  const names = new Set<string>();
  const walk = (tree: Tree): void => {
    if (tree.kind === "scalar") for (const name of variablesIn(tree.text)) names.add(name);
    else if (tree.kind === "list") for (const item of tree.items) walk(item);
    else for (const entry of tree.entries) walk(entry.value);
  };
  for (const layer of layers) walk(layer.tree);
  if (names.size === 0) return;
  const listed = [...names].map((name) => `((${name}))`).join(", ");
  const message = `No value is given for ${listed}: give them with --var NAME=VALUE or --vars-file FILE.`;
  collector.note("variables-unknown", message, layers[0]);
}
