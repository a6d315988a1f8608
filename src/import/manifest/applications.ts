import { type Attributes, isWorker } from "./attributes.ts";

/** How the applications of a manifest become one app. */
export interface Plan {
  readonly main: Attributes;
  /** Process name of the main application. */
  readonly mainProcess: string;
  /** Applications that are processes of the same app: same source and build, no routes. */
  readonly workers: readonly { readonly name: string; readonly attributes: Attributes }[];
  /** Applications that are apps of their own. */
  readonly others: readonly Attributes[];
}

/** What two applications must share to be one app. */
function sourceOf(attributes: Attributes): string {
  const buildpacks = attributes.get("buildpacks") ?? attributes.get("buildpack");
  const list = buildpacks?.items().map((item) => item.text()) ?? [];
  const image = attributes.get("docker")?.get("image")?.text();
  return JSON.stringify([
    attributes.text("path") ?? ".",
    image ?? null,
    list.length > 0 ? list : [buildpacks?.text() ?? null],
  ]);
}

/** Built by nothing but a web server's buildpack: it stands before an app, or shows pages while there is none. */
function isFront(attributes: Attributes): boolean {
  const buildpacks = attributes.get("buildpacks") ?? attributes.get("buildpack");
  const names = buildpacks?.tree.kind === "list" ? buildpacks.items() : [buildpacks];
  return (
    names.length > 0 && names.every((name) => /\b(nginx|staticfile)[_-]buildpack/.test(name?.text() ?? ""))
  );
}

/**
 * Of several applications, the one with routes that shares its source with the most workers stands for the app, rather
 * one with code of its own than a proxy; `wanted` names another one.
 */
export function planApplications(applications: readonly Attributes[], wanted?: string): Plan | undefined {
  const workersOf = (main: Attributes): readonly Attributes[] =>
    applications.filter((other) => other !== main && isWorker(other) && sourceOf(other) === sourceOf(main));
  const named = applications.find((application) => application.text("name") === wanted);
  const candidates = applications.filter((application) => !isWorker(application));
  const [best] = (candidates.length > 0 ? candidates : applications.slice(0, 1))
    .map((application) => ({
      application,
      workers: workersOf(application).length,
      front: isFront(application) ? 1 : 0,
    }))
    .sort((a, b) => b.workers - a.workers || a.front - b.front);
  const main = wanted === undefined ? best?.application : named;
  if (main === undefined) return undefined;
  const folded = workersOf(main);
  const prefix = commonPrefix([main, ...folded].map((application) => application.text("name") ?? ""));
  const nameOf = (application: Attributes): string => {
    const rest = (application.text("name") ?? "").slice(prefix.length).replace(/^[-_.]+/, "");
    return rest === "" ? "worker" : rest;
  };
  return {
    main,
    mainProcess: !isWorker(main) ? "web" : folded.length === 0 ? "worker" : nameOf(main),
    workers: folded.map((attributes) => ({ name: nameOf(attributes), attributes })),
    others: applications.filter((application) => application !== main && !folded.includes(application)),
  };
}

/** What the names have in common, up to the last separator: `calc-` of `calc-prod` and `calc-rqworker`. */
function commonPrefix(names: readonly string[]): string {
  const [first = "", ...rest] = names;
  if (rest.length === 0) return first;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length--;
  const prefix = first.slice(0, length);
  const whole = names.every((name) => name.length === length || /[-_.]/.test(name[length] ?? ""));
  return whole
    ? prefix
    : prefix.slice(0, Math.max(...["-", "_", "."].map((mark) => prefix.lastIndexOf(mark))) + 1);
}
