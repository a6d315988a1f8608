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
    if (unknown.length > 0) image.dropped(needs(unknown));
    else collector.carry(image, ["source"], { image: name });
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
    if (name !== undefined) path.ignored("the app is an image");
    else collector.carry(path, ["source"], { path: folder });
  }
  const lifecycle = attributes.get("lifecycle");
  if (lifecycle?.text() === "cnb")
    lifecycle.approximated(
      "the names of the buildpacks tell: those with docker:// are Cloud Native Buildpacks",
    );
  else lifecycle?.carried();
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
  else if (/^\w+_buildpack$/.test(text))
    collector.append(entry, path, text, "only Cloud Foundry has a buildpack of this name");
  else collector.append(entry, path, text);
}
