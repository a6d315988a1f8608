import { posix } from "node:path";
import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { referencesIn } from "./references.ts";

/** The one image that the description can have: whose it is, and which services run it. */
interface Image {
  readonly main: string;
  readonly services: ReadonlySet<string>;
}

type Services = readonly (readonly [name: string, entry: Entry])[];

/** Which image a service runs: one by name, or the Dockerfile of a folder. */
function imageOf(service: Entry): string {
  const image = service.get("image")?.text()?.trim();
  if (image) return image;
  const { context, dockerfile } = buildOf(service);
  return JSON.stringify([context, dockerfile]);
}

function buildOf(service: Entry): { readonly context: string; readonly dockerfile: string } {
  const build = service.get("build");
  const path = (build?.tree.kind === "map" ? build.get("path") : build)?.text()?.trim() || ".";
  const manifest = build?.get("manifest")?.text()?.trim() || "Dockerfile";
  const context = posix.join(path, ".").replace(/(?<=.)\/$/, "");
  return { context, dockerfile: posix.join(context, manifest) };
}

/** The image of `web`; if nothing is called so, that of the most services, rather one that users reach. */
export function chooseImage(services: Services): Image | undefined {
  const sharing = ([, entry]: Services[number]): Services =>
    services.filter(([, other]) => imageOf(other) === imageOf(entry));
  const weigh = (service: Services[number]): readonly number[] => [
    service[0] === "web" ? 1 : 0,
    sharing(service).length,
    service[1].get("domain") !== undefined && service[1].get("internal")?.scalar() !== true ? 1 : 0,
  ];
  const [main] = services
    .map((service) => ({ service, weight: weigh(service) }))
    .sort((a, b) => compareLists(b.weight, a.weight));
  if (main === undefined) return undefined;
  return { main: main.service[0], services: new Set(sharing(main.service).map(([name]) => name)) };
}

/** By the first number that differs. */
function compareLists(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index === -1 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}

export function dropOtherImage(name: string, entry: Entry, { main }: Image, collector: Collector): void {
  entry.dropped(
    `an app is one image, and that is that of '${main}': describe this one as an app of its own, or, if it is a database or the like, under services`,
  );
  const message = `'${name}' has an image of its own, which is not carried over: make it an app of its own, or, if it is a database or the like, one of services.`;
  collector.note("second-image", message, entry);
}

/** Reads how the image of a service comes to be. Without a word of it, the platform builds the Dockerfile. */
export function takeImage(service: Entry, collector: Collector): void {
  const image = service.get("image");
  const name = image?.text()?.trim();
  const build = service.get("build");
  if (image !== undefined && name) {
    build?.ignored("the service names an image");
    const unknown = referencesIn(name);
    if (unknown === undefined) collector.carry(image, ["source"], { image: name });
    else image.dropped(unknown);
    return;
  }
  const { context, dockerfile } = buildOf(service);
  const target = ["build", "dockerfile"];
  const path = build?.tree.kind === "map" ? build.get("path") : build;
  const from = build?.get("manifest") ?? path;
  if (from === undefined) collector.also(build ?? service, target, dockerfile);
  else collector.carry(from, target, dockerfile);
  // The context is the path, whatever folder of it the Dockerfile is in.
  if (posix.dirname(dockerfile) !== context)
    collector.also(path ?? build ?? service, ["build", "context"], context);
  if (path !== from) path?.carried("build.context");
  for (const item of build?.get("args")?.items() ?? []) takeArgument(item, collector);
}

function takeArgument(item: Entry, collector: Collector): void {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(item.text()?.trim() ?? "") ?? [];
  const unknown = referencesIn(value ?? "");
  if (name === undefined || value === undefined) item.dropped("a build argument without a value");
  else if (unknown !== undefined) item.dropped(unknown);
  else collector.carry(item, ["build", "args", name], value);
}
