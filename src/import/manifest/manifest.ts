import { InputError } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { accountsOf, Entry } from "../entry.ts";
import { Collector, type FileFindings } from "../findings.ts";
import { Ledger } from "../ledger.ts";
import { parseYamlTree } from "../yaml-tree.ts";
import { planApplications } from "./applications.ts";
import { Attributes } from "./attributes.ts";
import { noteVariables, sweepOuter, sweepOwn, takeOutside } from "./outside.ts";
import { takePlan } from "./take.ts";
import { fillVariables } from "./variables.ts";

/** A text file by its name. */
export interface NamedText {
  readonly file: string;
  readonly text: string;
}

export interface ManifestOptions {
  /** Values of `((variables))`. */
  readonly variables?: ReadonlyMap<string, string>;
  /** Name of the application that stands for the app. Default: the one with routes and the most workers. */
  readonly application?: string | undefined;
  /** The file that `inherit` names, that which this one inherits, and so on. */
  readonly parents?: readonly NamedText[];
}

/** The file that a manifest inherits from, if it does. Long deprecated, but in use. */
export function inheritedFile({ text, file }: NamedText): string | undefined {
  const { tree } = parseYamlTree(text, file);
  const entry = tree.kind === "map" ? tree.entries.find(({ key }) => key === "inherit") : undefined;
  return entry?.value.kind === "scalar" ? entry.value.text : undefined;
}

/**
 * Reads a Cloud Foundry manifest: one application stands for the app, others that share its source and have no routes
 * are processes of it, the rest are apps of their own.
 * @throws InputError when it is not YAML, or has no application of the name that was asked for.
 */
export function readManifest(text: string, file: string, options: ManifestOptions = {}): FileFindings {
  const collector = new Collector();
  const parsed = [{ text, file }, ...(options.parents ?? [])].map((named) => {
    const { tree, repairs } = parseYamlTree(named.text, named.file);
    for (const repair of repairs) collector.notes.push({ code: "mended", file: named.file, ...repair });
    return new Ledger(named.file, fillVariables(tree, options.variables ?? new Map()));
  });
  const done = { file, ...collector, ...accountsOf(...parsed) };
  const layers = parsed.map((ledger) => new Entry(ledger));
  const applications = applicationsOf(layers);
  const plan = planApplications(applications, options.application);
  if (plan === undefined) {
    if (options.application !== undefined) throw unknownApplication(options.application, applications, file);
    done.ignore("the file names no application");
    return { ...done, foreign: "not a Cloud Foundry manifest, for it names no applications" };
  }
  takePlan(plan, collector);
  for (const [index, layer] of layers.entries()) takeOutside(layer, index + 1 < layers.length, collector);
  noteVariables(layers, collector);
  const own = new Set(applications.map((application) => application.own?.tree));
  for (const layer of layers) {
    sweepOuter(layer);
    for (const block of layer.get("applications")?.items() ?? [])
      (own.has(block.tree) ? sweepOwn : sweepOuter)(block);
  }
  return done;
}

function unknownApplication(wanted: string, applications: readonly Attributes[], file: string): InputError {
  const names = applications.flatMap((application) => application.text("name") ?? []);
  const meant = nearest(wanted, names);
  return new InputError([
    {
      code: "unknown-application",
      message: `There is no application '${wanted}'.`,
      file,
      suggestion: meant === undefined ? `It has: ${names.join(", ") || "none"}.` : `Did you mean '${meant}'?`,
    },
  ]);
}

/** The applications of a manifest and its parents, merged by name; blocks outside serve them all. */
function applicationsOf(layers: readonly Entry[]): readonly Attributes[] {
  const blocks = layers.flatMap(
    (layer) =>
      layer
        .get("applications")
        ?.items()
        .filter((item) => item.tree.kind === "map") ?? [],
  );
  const nameOf = (block: Entry): string => block.get("name")?.text() ?? "";
  const isTwin = (block: Entry, other: Entry): boolean =>
    block.file !== other.file && nameOf(block) === nameOf(other);
  return blocks
    .filter((block, index) => !blocks.slice(0, index).some((earlier) => isTwin(earlier, block)))
    .map((block) => new Attributes([block, ...blocks.filter((other) => isTwin(block, other)), ...layers]));
}
