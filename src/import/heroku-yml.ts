import { readAddons } from "./app-json/addons.ts";
import { commandNotes } from "./command-notes.ts";
import { accountsOf, Entry } from "./entry.ts";
import { addVariable } from "./env.ts";
import { Collector, type FileFindings } from "./findings.ts";
import { Ledger } from "./ledger.ts";
import { parseYamlTree } from "./yaml-tree.ts";

/**
 * Reads a heroku.yml.
 * @throws InputError when it is not YAML.
 */
export function readHerokuYml(text: string, file: string): FileFindings {
  const { tree, repairs } = parseYamlTree(text, file);
  const ledger = new Ledger(file, tree);
  const collector = new Collector();
  for (const { line, message } of repairs) collector.notes.push({ code: "mended", message, file, line });
  const root = new Entry(ledger);
  const done = { file, ...collector, ...accountsOf(ledger) };
  if (!["setup", "build", "release", "run"].some((key) => root.get(key) !== undefined)) {
    root.ignored("the file has none of setup, build, release and run");
    return { ...done, foreign: "some other tool's, for it has none of setup, build, release and run" };
  }
  const build = root.get("build");
  const image = build === undefined ? undefined : readBuild(build, collector);
  const run = root.get("run");
  if (run !== undefined) readRun(run, image, collector);
  const release = root.get("release");
  if (release !== undefined) readRelease(release, image, collector);
  const setup = root.get("setup");
  if (setup !== undefined) readSetup(setup, collector);
  return done;
}

/** The one image that the description can have: its process type and Dockerfile. */
interface Image {
  readonly type: string;
  readonly dockerfile: string;
}

function readBuild(build: Entry, collector: Collector): Image | undefined {
  const image = readDockerfiles(build.get("docker"), collector);
  for (const [name, entry] of build.get("config")?.members() ?? []) {
    const value = entry.text();
    if (value === undefined) continue;
    if (image === undefined) entry.dropped("build arguments are for a Dockerfile, and the file names none");
    else collector.carry(entry, ["build", "args", name], value);
    if (/^\$\w+$/.test(value)) {
      collector.note(
        "literal-argument",
        `The build argument ${name} is the literal text ${value}, not the variable of that name.`,
        entry,
      );
    }
  }
  return image;
}

function readDockerfiles(docker: Entry | undefined, collector: Collector): Image | undefined {
  const images = (docker?.members() ?? []).flatMap(([type, entry]) => {
    const file = entry.tree.kind === "map" ? entry.get("dockerfile") : entry;
    const dockerfile = file?.text()?.trim();
    return file === undefined || !dockerfile ? [] : [{ type, dockerfile, entry, file }];
  });
  const main = images.find((image) => image.type === "web") ?? images[0];
  for (const image of images) {
    if (image.dockerfile === main?.dockerfile) {
      collector.carry(image.file, ["build", "dockerfile"], image.dockerfile);
      // An image for the release command is no process.
      if (image.type !== "release") collector.also(image.entry, ["processes", image.type], {});
      takeTarget(image.entry.get("target"), image.type, collector);
      continue;
    }
    image.entry.dropped(
      `an app is built as one image, and that is ${main?.dockerfile}: describe this one as an app of its own`,
    );
    const message = `The process '${image.type}' has a Dockerfile of its own (${image.dockerfile}), which is not carried over.`;
    collector.note("second-image", message, image.entry, ["build", "dockerfile"]);
  }
  return main;
}

function takeTarget(target: Entry | undefined, type: string, collector: Collector): void {
  if (target === undefined) return;
  target.dropped("a stage of a Dockerfile can't be named: its last stage is built");
  const message = `The image of '${type}' is the stage '${target.text()}' of its Dockerfile; what is built is the last stage: is that the same?`;
  collector.note("build-stage", message, target, ["build", "dockerfile"]);
}

function readRun(run: Entry, image: Image | undefined, collector: Collector): void {
  for (const [type, entry] of run.members()) {
    const path = ["processes", type];
    const command = takeCommand(entry, [...path, "command"], collector);
    if (command === undefined && entry.tree.kind === "map") collector.also(entry, path, {});
    takeImage(entry, image, collector);
    for (const note of commandNotes(type, command ?? ""))
      collector.note(note.code, note.message, entry, path);
  }
}

function readRelease(release: Entry, image: Image | undefined, collector: Collector): void {
  takeCommand(release, ["release", "command"], collector);
  takeImage(release, image, collector);
}

/** A command is a text, or a map with `command`: a text or a list of shell lines. */
function takeCommand(entry: Entry, path: readonly string[], collector: Collector): string | undefined {
  const command = entry.tree.kind === "map" ? entry.get("command") : entry;
  if (command === undefined) return undefined;
  if (command.tree.kind === "list") {
    const items = command.items();
    const lines = items.map((item) => item.text()?.trim() ?? "").filter((line) => line !== "");
    const line = lines.join(" && ");
    if (line === "") return undefined;
    if (lines.length === 1) collector.carry(command, path, line);
    else collector.approximate(command, path, line, "several lines, joined by &&");
    for (const item of items) item.carried(path.join("."));
    return line;
  }
  const text = command.text()?.trim();
  if (!text) return undefined;
  collector.carry(command, path, text);
  return text;
}

function takeImage(entry: Entry, image: Image | undefined, collector: Collector): void {
  const name = entry.get("image");
  const text = name?.text();
  if (name === undefined || text === undefined) return;
  if (image === undefined || text === image.type) name.carried("build.dockerfile");
  else {
    name.approximated(`an app is built as one image, and that is ${image.type}'s`);
    collector.note(
      "second-image",
      `It names the image of '${text}'; the one that is built is that of '${image.type}'.`,
      name,
    );
  }
}

function readSetup(setup: Entry, collector: Collector): void {
  const addons = setup.get("addons");
  if (addons !== undefined) readAddons(addons, collector);
  for (const [name, entry] of setup.get("config")?.members() ?? []) {
    const value = entry.text();
    if (value !== undefined) addVariable(collector, { name, from: entry, value });
  }
}
