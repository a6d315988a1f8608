import { accountsOf, Entry } from "../entry.ts";
import { addVariable } from "../env.ts";
import { Collector, type FileFindings } from "../findings.ts";
import { Ledger } from "../ledger.ts";
import { parseLenientJson } from "../lenient-json.ts";
import { lookup } from "../lookup.ts";
import { appName } from "../names.ts";
import { readAddons } from "./addons.ts";
import { readCron } from "./cron-jobs.ts";
import { readFormation } from "./formation.ts";
import { readHealthchecks } from "./healthchecks.ts";

/** An app.json, and what of it decides how other files are read. */
export interface AppJson extends FileFindings {
  /** As written, e.g. `heroku-24` or `container`. */
  readonly stack?: string;
  readonly buildpacks: boolean;
}

const people = "for people, not for the app";

/** Keys that only inform. */
const metadata: Readonly<Record<string, string>> = {
  $schema: "names the file's format",
  description: people,
  keywords: people,
  logo: people,
  website: people,
  repository: "the source is the folder that is imported",
  success_url: "a page shown once, after a set-up by button",
  image: "long without effect on the platform",
  mount_dir: "long without effect on the platform",
  environments: "for test and review apps, not for production",
};

const scriptReasons: Readonly<Record<string, string>> = {
  predeploy: "not a script that the platform runs",
  "pr-predeploy": "for review apps, not for production",
  "pr-predestroy": "for review apps, not for production",
  test: "for tests, not for production",
  "test-setup": "for tests, not for production",
};

/**
 * Reads an app.json of Heroku or Dokku, also when it is not strict JSON.
 * @throws InputError when it can't be read without guessing.
 */
export function readAppJson(text: string, file: string): AppJson {
  const { tree, repairs } = parseLenientJson(text, file);
  const ledger = new Ledger(file, tree);
  const collector = new Collector();
  for (const { line, message } of repairs) collector.notes.push({ code: "mended", message, file, line });
  const root = new Entry(ledger);
  const done = { file, ...collector, ...accountsOf(ledger) };
  const foreign = owner(root);
  if (foreign !== undefined) {
    root.ignored(`this app.json is ${foreign}`);
    return { ...done, foreign, buildpacks: false };
  }
  readRoot(root, collector);
  const stack = root.get("stack")?.text();
  const buildpacks = (root.get("buildpacks")?.items().length ?? 0) > 0;
  return { ...done, buildpacks, ...(stack === undefined ? {} : { stack }) };
}

/** Other tools have an app.json too; these keys are theirs alone. */
function owner(root: Entry): string | undefined {
  const { tree } = root;
  if (tree.kind !== "map") return "some other tool's";
  const has = (key: string): boolean => tree.entries.some((entry) => entry.key === key);
  if (has("expo")) return "Expo's";
  if (has("displayName")) return "React Native's";
  if (has("pages") || has("subpackages") || has("subPackages")) return "a mini program's";
  const ours = [
    "name",
    "env",
    "addons",
    "buildpacks",
    "formation",
    "scripts",
    "stack",
    "cron",
    "healthchecks",
  ];
  const others = [...Object.keys(metadata), "scripts"];
  if (tree.entries.length === 0 || [...ours, ...others].some(has)) return undefined;
  return "some other tool's";
}

function readRoot(root: Entry, collector: Collector): void {
  for (const [key, entry] of root.members()) {
    const reason = lookup(metadata, key);
    if (reason !== undefined) entry.ignored(reason);
    else lookup(readers, key)?.(entry, collector);
  }
}

const readers: Readonly<Record<string, (entry: Entry, collector: Collector) => void>> = {
  name: readName,
  env: readEnv,
  addons: readAddons,
  buildpacks: readBuildpacks,
  formation: readFormation,
  scripts: readScripts,
  stack: readStack,
  cron: readCron,
  healthchecks: readHealthchecks,
};

function readName(entry: Entry, collector: Collector): void {
  const text = entry.text() ?? "";
  const name = appName(text);
  if (name === undefined) entry.dropped("nothing of it can be part of a name; the folder's name is taken");
  else if (name === text) collector.carry(entry, ["name"], name);
  else collector.approximate(entry, ["name"], name, "a name is 2 to 30 lower-case letters, digits and -");
}

function readEnv(env: Entry, collector: Collector): void {
  for (const [name, entry] of env.members()) {
    const isMap = entry.tree.kind === "map";
    const value = (isMap ? entry.get("value") : entry)?.text();
    if (name === "BUILDPACK_URL" && value) takeBuildpackUrl(entry, collector);
    else if (name === "BUILDPACK_URL" && value === "") entry.ignored("empty");
    else if (isMap) readDescribed(name, entry, collector);
    else if (value !== undefined) addVariable(collector, { name, from: entry, value });
  }
}

function takeBuildpackUrl(entry: Entry, collector: Collector): void {
  const value = entry.get("value") ?? entry;
  collector.append(value, ["build", "buildpacks"], value.text() ?? "", "an old way to name the buildpack");
  for (const key of ["description", "required"]) entry.get(key)?.ignored(people);
}

/** A variable with its description, and how it comes by its value. */
function readDescribed(name: string, entry: Entry, collector: Collector): void {
  const valueEntry = entry.get("value");
  const generate = entry.get("generator")?.text() === "secret";
  // An empty value is a field that whoever sets the app up has to fill in.
  const value = generate ? undefined : valueEntry?.text() || undefined;
  const valueFrom = generate ? entry.get("generator") : value === undefined ? undefined : valueEntry;
  const section = addVariable(collector, { name, from: entry, valueFrom, value, generate });
  if (section === undefined) return;
  if (valueEntry !== undefined && valueEntry.text() === undefined)
    valueEntry.dropped("a variable's value is a text");
  else if (valueEntry !== undefined && value === undefined)
    valueEntry.ignored(generate ? "it is generated" : "empty: to be filled in at set-up");
  const description = entry.get("description");
  const text = description?.text()?.trim() ?? "";
  if (section === "config") {
    description?.ignored("a note for people; kept as a comment");
    collector.remark(["config", name], text);
  } else if (description !== undefined) collector.carry(description, ["secrets", name, "description"], text);
  const required = entry.get("required");
  if (section === "config") required?.ignored("it has a value");
  else if (required?.text() === "false") collector.carry(required, ["secrets", name, "required"], false);
  else if (required?.text() === "true") collector.carry(required, ["secrets", name, "required"], true);
}

function readBuildpacks(list: Entry, collector: Collector): void {
  const loose: Entry[] = [];
  for (const item of list.items()) {
    const entry = item.tree.kind === "map" ? item.get("url") : item;
    const url = entry?.text()?.trim();
    if (entry === undefined || url === undefined || url === "") continue;
    collector.append(entry, ["build", "buildpacks"], url);
    if (/^https?:.*(?<!\.tgz)$/.test(url) && !url.includes("#")) loose.push(entry);
  }
  const [first] = loose;
  if (first === undefined) return;
  const which = loose.length === 1 ? "A buildpack is a Git URL" : `${loose.length} buildpacks are Git URLs`;
  const message = `${which} without #version: two sites may be built by different code.`;
  collector.note("unpinned-buildpack", message, first, ["build", "buildpacks"]);
}

function readStack(entry: Entry, collector: Collector): void {
  const stack = entry.text();
  if (stack === undefined || stack === "") return;
  if (stack === "container") entry.carried("build.dockerfile");
  else collector.carry(entry, ["build", "stack", "heroku"], stack);
}

function readScripts(scripts: Entry, collector: Collector): void {
  for (const [name, entry] of scripts.members()) {
    if (name === "postdeploy") {
      const command = entry.tree.kind === "map" ? entry.get("command") : entry;
      const text = command?.text()?.trim();
      if (command !== undefined && text !== undefined && text !== "")
        collector.carry(command, ["setup"], text);
    } else if (name === "dokku") {
      entry.get("predeploy")?.dropped("it changes the image after the build: make it part of the build");
      entry
        .get("postdeploy")
        ?.dropped("there is no hook after each deploy: if it may run before the switch, write it as release");
    } else {
      const reason = lookup(scriptReasons, name);
      if (reason !== undefined) entry.ignored(reason);
    }
  }
}
