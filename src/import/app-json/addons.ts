import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { lookup } from "../lookup.ts";
import { freeName, partName } from "../names.ts";
import {
  type AddonFact,
  addonFacts,
  billedElsewhere,
  schedulers,
  usualAddons,
  withdrawnPlans,
} from "./addon-facts.ts";

/** Names that earlier add-ons of the list took. */
interface Taken {
  readonly services: Set<string>;
  readonly variables: Set<string>;
}

/** One add-on as the list has it. */
interface Addon {
  readonly item: Entry;
  /** Where its plan stands: the item itself, when it is a text. */
  readonly at: Entry;
  readonly slug: string;
  readonly plan: string | undefined;
  /** What follows the plan: `--version=15`. */
  readonly flags: readonly string[];
  /** The name that it is attached under, in capitals. */
  readonly alias: string | undefined;
}

/** Reads a list of add-ons, of app.json or of heroku.yml's setup. */
export function readAddons(list: Entry, collector: Collector): void {
  const taken: Taken = { services: new Set(), variables: new Set() };
  for (const item of list.items()) {
    const at = item.tree.kind === "map" ? item.get("plan") : item;
    const [words = "", ...flags] = at?.text()?.trim().split(/\s+/) ?? [];
    if (at === undefined || words === "") continue;
    const [slug = "", plan] = words.toLowerCase().split(":");
    const alias =
      item
        .get("as")
        ?.text()
        ?.trim()
        .toUpperCase()
        .replaceAll(/[^A-Z0-9_]/g, "_") || undefined;
    readAddon({ item, at, slug, plan: plan || undefined, flags, alias }, taken, collector);
  }
}

function readAddon(addon: Addon, taken: Taken, collector: Collector): void {
  const { item, at, slug, plan } = addon;
  if (schedulers.has(slug)) {
    const reason = "its jobs are not in any file: list them in the add-on and write each under schedule";
    item.dropped(reason);
    collector.note(
      "jobs-elsewhere",
      `The add-on ${slug} starts commands at set times, but ${reason}.`,
      item,
      ["schedule"],
    );
    return;
  }
  if (plan === "in-dyno") {
    item.ignored("a plan for tests only");
    return;
  }
  const fact = lookup(addonFacts, slug);
  const variable = variableOf(addon, fact);
  const base = partName(baseName(addon, fact, variable));
  if (base === undefined) return;
  const name = freeName(base, taken.services);
  taken.services.add(name);
  const path = ["services", name];
  if (item !== at) item.carried(path.join("."));
  takeType(addon, fact, path, collector);
  takePlan(addon, path, collector);
  takeVariable(addon, { name, variable, path }, taken, collector);
  takeOptions(addon, path, collector);
}

/** The variable that holds its URL; undefined when it gives several, all of which begin with the name of the service. */
function variableOf({ slug, alias }: Addon, fact: AddonFact | undefined): string | undefined {
  if (fact?.several !== undefined) return undefined;
  // A name replaces the first part of the add-on's own: MONGODB_URI becomes CACHE_URI.
  if (alias !== undefined) return `${alias}_${/_(URI)$/.exec(fact?.url ?? "")?.[1] ?? "URL"}`;
  return fact?.url ?? `${slug.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_URL`;
}

/** The service is called by its type; unless it has a name of its own, or its variables are called by the add-on. */
function baseName({ slug, alias }: Addon, fact: AddonFact | undefined, variable: string | undefined): string {
  if (alias !== undefined && (variable === undefined || variable !== fact?.url))
    return alias.toLowerCase().replaceAll("_", "-");
  return fact?.url === undefined ? slug : fact.type;
}

function takeType(
  { at, slug }: Addon,
  fact: AddonFact | undefined,
  path: readonly string[],
  collector: Collector,
): void {
  const reasons = [
    ...(fact?.reason === undefined ? [] : [fact.reason]),
    ...(fact?.several === undefined ? [] : [`it gives ${fact.several} rather than one URL`]),
    ...(fact === undefined ? [`'${slug}' is not known here: check type and env`, billedElsewhere] : []),
  ];
  const type = fact?.type ?? slug;
  if (reasons.length === 0) collector.carry(at, [...path, "type"], type);
  else collector.approximate(at, [...path, "type"], type, reasons.join("; "));
}

function takePlan({ at, slug, plan }: Addon, path: readonly string[], collector: Collector): void {
  const target = [...path, "plan", "heroku"];
  const today = lookup(withdrawnPlans, `${slug}:${plan ?? ""}`);
  if (today !== undefined) {
    collector.approximate(at, target, today, `the plan ${plan} was withdrawn, ${today} took its place`);
  } else if (!usualAddons.has(slug))
    collector.also(at, target, plan === undefined ? slug : `${slug}:${plan}`);
  else if (plan !== undefined) collector.also(at, target, plan);
}

interface Target {
  readonly name: string;
  readonly variable: string | undefined;
  readonly path: readonly string[];
}

function takeVariable(
  { item, at }: Addon,
  { name, variable, path }: Target,
  taken: Taken,
  collector: Collector,
): void {
  const as = item.get("as");
  as?.carried([...path, "env"].join("."));
  if (variable === undefined) return;
  if (!taken.variables.has(variable)) {
    taken.variables.add(variable);
    collector.also(as ?? at, [...path, "env"], [variable]);
    return;
  }
  const reason = `${variable} is another add-on's already, and the platform names this one by itself (a Postgres by a colour): set env`;
  collector.approximate(at, [...path, "env"], [`${name.toUpperCase().replaceAll("-", "_")}_URL`], reason);
  collector.note("env-unknown", `${name}: ${reason}.`, item, path);
}

function takeOptions({ item, at, flags }: Addon, path: readonly string[], collector: Collector): void {
  const target = (key: string): readonly string[] =>
    key === "version" ? [...path, "version"] : [...path, "options", key];
  for (const flag of flags) {
    const [, key, value] = /^--([a-z0-9-]+)=(.+)$/.exec(flag) ?? [];
    if (key !== undefined && value !== undefined) collector.also(at, target(key), value);
  }
  for (const [key, option] of item.get("options")?.members() ?? []) {
    const value = option.text();
    if (value !== undefined) collector.carry(option, target(key), value);
  }
}
