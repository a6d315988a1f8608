import type { App } from "../../../src/app/schema.ts";
import { type Json, sortKeys } from "../../../src/base/json.ts";
import type { Artifact } from "../../../src/platform/contract.ts";
import { isContainer, sourceFiles } from "./files.ts";
import { addonPlanOf, attachmentsFor, planText } from "./services.ts";
import { sizesOf } from "./sizes.ts";

function envOf({ config, secrets }: App): Json {
  const plain = Object.entries(config).map(([name, value]) => [name, { value }] as const);
  const secret = Object.entries(secrets).map(
    ([name, { description, required, generate }]) =>
      [
        name,
        {
          ...(description === undefined ? {} : { description }),
          ...(generate ? { generator: "secret" } : { required }),
        },
      ] as const,
  );
  return Object.fromEntries([...plain, ...secret]);
}

function addonsOf({ services }: App): readonly Json[] {
  return Object.entries(services).flatMap(([name, service]) => {
    const plan = addonPlanOf(service);
    if (plan === undefined) return [];
    const options = {
      ...(service.version === undefined ? {} : { version: service.version }),
      ...service.options,
    };
    return [
      {
        plan: planText(plan),
        as: attachmentsFor(name, service)[0],
        ...(Object.keys(options).length === 0 ? {} : { options }),
      },
    ];
  });
}

function formationOf(app: App): Json {
  const sizes = sizesOf(app);
  return Object.fromEntries(
    Object.entries(app.processes).map(([name, { scale }]) => [
      name,
      { quantity: scale.count, ...(sizes[name] === undefined ? {} : { size: sizes[name] }) },
    ]),
  );
}

/** app.json (https://devcenter.heroku.com/articles/app-json-schema). */
function appJson(app: App): string {
  const stack = isContainer(app) ? "container" : app.build.stack?.heroku;
  const buildpacks = app.build.buildpacks ?? [];
  const parts: Record<string, Json | undefined> = {
    name: app.name,
    stack,
    env: envOf(app),
    addons: addonsOf(app),
    buildpacks: buildpacks.map((url) => ({ url })),
    formation: formationOf(app),
    scripts: app.setup === undefined ? {} : { postdeploy: app.setup },
  };
  const used = Object.entries(parts).filter(
    ([, value]) => value !== undefined && (typeof value !== "object" || Object.keys(value ?? {}).length > 0),
  );
  return `${JSON.stringify(sortKeys(Object.fromEntries(used)), undefined, 2)}\n`;
}

/** What Heroku's own tools take; but for app.json it is what an upload puts over the source. */
export function artifactsOf(app: App): readonly Artifact[] {
  const files = { ...sourceFiles(app), "app.json": appJson(app) };
  return Object.entries(files)
    .map(([path, content]) => ({ path, content }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
