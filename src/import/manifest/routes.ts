import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import type { Attributes } from "./attributes.ts";
import { needs } from "./process.ts";
import { variablesIn } from "./variables.ts";

/** Shared domains of platforms: a host below them is the platform's own name for the app, not one that its owner can move. */
const sharedDomain =
  /\.(apps?|cfapps|cf)\.|\.(cfapps\.io|mybluemix\.net|appdomain\.cloud|hana\.ondemand\.com|cloudapps\.digital|predix\.io|scapp\.io)$/i;
const internalDomain = /\.internal$/i;

/** Reads where users reach an application. Only names that its owner can point elsewhere are domains of the description. */
export function readRoutes(attributes: Attributes, collector: Collector): void {
  const routes = attributes.get("routes");
  for (const item of routes?.items() ?? []) {
    const entry = item.tree.kind === "map" ? item.get("route") : item;
    const text = entry?.text()?.trim();
    if (entry === undefined || !text) continue;
    if (item.tree.kind === "scalar")
      collector.note("plain-route", "A route is written as a map with 'route'; a text is read as one.", item);
    takeRoute(entry, text, collector);
    const protocol = item.get("protocol");
    if (protocol?.text() === "http1") protocol.carried();
    else protocol?.dropped("the protocol behind the route is HTTP/1.1");
    item.get("options")?.dropped("options of a route can't be described");
  }
  const unknown = variablesIn(routes?.text() ?? "");
  if (unknown.length > 0) routes?.dropped(needs(unknown));
  readDeprecated(attributes, collector);
  for (const key of ["random-route", "default-route"]) {
    attributes.get(key)?.ignored("the platform's own host name: every platform gives one");
  }
  attributes.get("no-route")?.carried();
}

function takeRoute(entry: Entry, text: string, collector: Collector): void {
  const unknown = variablesIn(text);
  if (unknown.length > 0) {
    entry.dropped(needs(unknown));
    collector.note(
      "variable-unknown",
      `A route is left out: ${needs(unknown)}. Add its host name under domains.`,
      entry,
      ["domains"],
    );
    return;
  }
  const [, host = "", port, path] = /^(?:https?:\/\/)?([^:/]+)(?::(\d+))?(\/.*)?$/i.exec(text) ?? [];
  const name = host.toLowerCase();
  if (internalDomain.test(name)) entry.dropped("a name inside the platform: other platforms do not have it");
  else if (sharedDomain.test(name)) entry.ignored("the platform's own host name: every platform gives one");
  else if (port !== undefined) entry.dropped("a TCP route: only HTTP can be described");
  else if (!name.includes(".")) entry.dropped(`${JSON.stringify(text)} is not a host name`);
  else if (path === undefined || path === "/") collector.append(entry, ["domains"], name);
  else
    collector.append(entry, ["domains"], name, `only the host is taken: the path ${path} can't be described`);
}

/** `host`, `hosts`, `domain` and `domains` were replaced by `routes` long ago. */
function readDeprecated(attributes: Attributes, collector: Collector): void {
  const listed = (single: string, many: string): readonly Entry[] => {
    const one = attributes.get(single);
    return [...(one === undefined ? [] : [one]), ...(attributes.get(many)?.items() ?? [])];
  };
  const hosts = listed("host", "hosts");
  const domains = listed("domain", "domains");
  const names = hosts.length > 0 ? hosts.map((host) => host.text() ?? "") : [attributes.text("name") ?? ""];
  attributes.get("no-hostname")?.carried();
  const bare = attributes.get("no-hostname")?.scalar() === true;
  for (const domain of domains) {
    const text = domain.text();
    if (!text) continue;
    for (const name of names) takeRoute(domain, bare || name === "" ? text : `${name}.${text}`, collector);
  }
  for (const host of hosts) {
    if (domains.length > 0) host.carried("domains");
    else host.ignored("the platform's own host name: every platform gives one");
  }
}
