import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseApp } from "../../src/app/parse.ts";
import { InputError } from "../../src/base/errors.ts";
import { readAppJson } from "../../src/import/app-json/app-json.ts";
import type { Files } from "../../src/import/container.ts";
import { readConvoxYml } from "../../src/import/convox/convox-yml.ts";
import { readHerokuYml } from "../../src/import/heroku-yml.ts";
import { readManifest } from "../../src/import/manifest/manifest.ts";
import { mergeFiles } from "../../src/import/merge.ts";
import { readProcfile } from "../../src/import/procfile.ts";
import { linesOf, pointersOf } from "./keys.ts";

const none: Files = {
  herokuYml: undefined,
  appJson: undefined,
  manifest: undefined,
  convoxYml: undefined,
  procfile: undefined,
};

const formats: Readonly<Record<string, (text: string) => Files>> = {
  Procfile: (text) => ({ ...none, procfile: readProcfile(text, "Procfile") }),
  "app.json": (text) => ({ ...none, appJson: readAppJson(text, "app.json") }),
  "heroku.yml": (text) => ({ ...none, herokuYml: readHerokuYml(text, "heroku.yml") }),
  "manifest.yml": (text) => ({ ...none, manifest: readManifest(text, "manifest.yml") }),
  "convox.yml": (text) => ({ ...none, convoxYml: readConvoxYml(text, "convox.yml") }),
};

/** Imports a text; undefined when it is refused in the proper way. Anything else that goes wrong is thrown. */
function tryImport(format: string, text: string): ReturnType<typeof mergeFiles> | undefined {
  try {
    const files = formats[format]?.(text) ?? none;
    return mergeFiles(files, { folder: "shop", place: ".", otherManifests: [] });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    return undefined;
  }
}

/** Words that the readers look for, and ones that could lead them astray. */
const keys = [
  "name",
  "env",
  "value",
  "required",
  "generator",
  "addons",
  "plan",
  "as",
  "options",
  "version",
  "buildpacks",
  "url",
  "formation",
  "web",
  "worker",
  "release",
  "quantity",
  "size",
  "autoscaling",
  "scripts",
  "postdeploy",
  "stack",
  "cron",
  "command",
  "schedule",
  "healthchecks",
  "path",
  "port",
  "build",
  "docker",
  "run",
  "image",
  "setup",
  "config",
  "applications",
  "memory",
  "instances",
  "routes",
  "route",
  "services",
  "no-route",
  "processes",
  "type",
  "resources",
  "health",
  "scale",
  "count",
  "timers",
  "domain",
  "environment",
  "constructor",
  "__proto__",
  "",
  "a/b~c",
  "PORT",
];
const scalar = fc.oneof(
  fc.constantFrom(
    "",
    "secret",
    "heroku-postgresql:mini",
    "web: x",
    "1G",
    "container",
    "process",
    "http",
    "((x))",
    "@daily",
    "* * * * *",
    "a.example",
    "/",
    "true",
    "-1",
    "A=b",
    "$X",
    "\n",
    "toString",
  ),
  fc.string({ maxLength: 12 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: "medium" }, scalar, fc.array(tie("any"), { maxLength: 4 }), tie("map")),
  map: fc.dictionary(fc.constantFrom(...keys), tie("any"), { maxKeys: 8 }),
}));
type Plain = Readonly<Record<string, unknown>>;
const plain = value.map.map((map) => JSON.parse(JSON.stringify(map)) as Plain);

/** Shapes that make the readers take the values for theirs. */
const shapes: Readonly<Record<string, fc.Arbitrary<Plain>>> = {
  "app.json": plain.map((map) => ({ name: "shop", ...map })),
  "manifest.yml": fc
    .tuple(plain, fc.array(plain, { minLength: 1, maxLength: 3 }))
    .map(([map, applications]) => ({
      ...map,
      applications: applications.map((block, index) => ({ name: `shop-${index}`, ...block })),
    })),
};

describe.each(Object.keys(formats))("any %s", (format) => {
  it("of random text is imported or refused, and nothing else", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 80 }),
      fc.string({ unit: fc.constantFrom(..."{}[]\",:#/\\ \n\t-&*<>|web1=%?!'"), maxLength: 40 }),
    );
    fc.assert(
      fc.property(text, (content) => void tryImport(format, content)),
      { numRuns: 300 },
    );
  });

  it("of random values gives a description that stands the check, and accounts for all", () => {
    fc.assert(
      fc.property(shapes[format] ?? plain, (content) => {
        const isLines = format === "Procfile";
        const text = isLines
          ? Object.entries(content as object)
              .map(([key, item]) => `${key}: ${String(item)}`)
              .join("\n")
          : format.endsWith(".json")
            ? JSON.stringify(content)
            : stringify(content);
        const result = tryImport(format, text);
        if (result === undefined) return;
        expect(parseApp(result.app)).toEqual(result.app);
        const places = result.sources.map((source) => source.pointer ?? source.line);
        const expected = isLines ? linesOf(text) : pointersOf(content);
        expect([...places].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 100 },
    );
  });
});
