import { posix } from "node:path";
import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { lookup } from "../lookup.ts";
import type { Attributes } from "./attributes.ts";
import { needs } from "./process.ts";
import { variablesIn } from "./variables.ts";

/** Cloud Foundry's own buildpacks and their counterparts by common name. */
const counterparts: Readonly<Record<string, string>> = {
  python_buildpack: "heroku/python",
  nodejs_buildpack: "heroku/nodejs",
  go_buildpack: "heroku/go",
  java_buildpack: "heroku/java",
  php_buildpack: "heroku/php",
  ruby_buildpack: "heroku/ruby",
};

/** Reads how an application is built: buildpacks, stack, path, or an image. */
export function readBuild(attributes: Attributes, collector: Collector): void {
  const docker = attributes.get("docker");
  const image = docker?.get("image");
  const name = image?.text()?.trim();
  if (image !== undefined && name) {
    const unknown = variablesIn(name);
    if (unknown.length > 0) {
      image.dropped(needs(unknown));
      collector.note("variable-unknown", `The image is left out: ${needs(unknown)}.`, image, ["source"]);
    } else collector.carry(image, ["source"], { image: name });
  }
  docker?.get("username")?.dropped("credentials of a registry can't be described");
  const buildpacks = attributes.get("buildpacks");
  const single = attributes.get("buildpack");
  for (const entry of [
    ...(buildpacks?.items() ?? []),
    ...(buildpacks === undefined && single !== undefined ? [single] : []),
  ]) {
    takeBuildpack(entry, name !== undefined, collector);
  }
  if (buildpacks !== undefined) single?.ignored("buildpacks replaces it");
  const stack = attributes.get("stack");
  const stackName = stack?.text();
  if (stack !== undefined && stackName) collector.carry(stack, ["build", "stack", "cloudfoundry"], stackName);
  const path = attributes.get("path");
  const folder = path?.text()?.trim();
  if (path !== undefined && folder) {
    const unknown = variablesIn(folder);
    if (name !== undefined) path.ignored("the app is an image");
    else if (unknown.length > 0) path.dropped(needs(unknown));
    else collector.carry(path, ["source"], { path: fromRoot(folder, path.file) });
  }
  const lifecycle = attributes.get("lifecycle");
  if (lifecycle?.text() === "cnb")
    lifecycle.approximated(
      "the names of the buildpacks tell: those with docker:// are Cloud Native Buildpacks",
    );
  else lifecycle?.carried();
}

/** A path of a manifest is seen from the manifest's own folder. */
function fromRoot(path: string, manifest: string): string {
  const folder = posix.dirname(manifest);
  return folder === "." || posix.isAbsolute(path) ? path : posix.join(folder, path).replace(/(?<=.)\/$/, "");
}

function takeBuildpack(entry: Entry, isImage: boolean, collector: Collector): void {
  const text = entry.text()?.trim();
  if (!text) return;
  const path = ["build", "buildpacks"];
  const counterpart = lookup(counterparts, text);
  const unknown = variablesIn(text);
  if (isImage) entry.ignored("the app is an image");
  else if (unknown.length > 0) entry.dropped(needs(unknown));
  else if (counterpart !== undefined) collector.append(entry, path, counterpart);
  else if (!/[/:]/.test(text))
    collector.append(entry, path, text, "only Cloud Foundry has a buildpack of this name");
  else if (/^https?:\/\/github\.com\/cloudfoundry(-\w+)?\/[\w.-]+-buildpack\b/i.test(text))
    collector.append(
      entry,
      path,
      text,
      "only Cloud Foundry can build with it: other platforms need their own",
    );
  else collector.append(entry, path, text);
}
