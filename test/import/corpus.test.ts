import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseApp } from "../../src/app/parse.ts";
import { stringifyApp } from "../../src/app/stringify.ts";
import { parseAppText } from "../../src/app/text.ts";
import { InputError } from "../../src/base/errors.ts";
import { importFolder } from "../../src/import/folder.ts";
import type { Imported } from "../../src/import/merge.ts";
import { compare } from "../../src/platform/fidelity.ts";
import { loadPlatform, platformNames } from "../../src/platform/registry.ts";
import { linesOf, pointersOf, yamlPointers } from "./keys.ts";

/** Configuration files of real public apps; not part of the project. */
const corpus =
  process.env.UNDERSTUDY_CORPUS ?? fileURLToPath(new URL("../../../shared/corpus", import.meta.url));
const apps = existsSync(corpus)
  ? readdirSync(corpus, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  : [];

/** Files that no reader should guess at, and what is to be said of them. */
const refused: Readonly<Record<string, string>> = {
  "0-BSCode+pokedex-mobile": "app.json foreign-file",
  "000namc+python-sklearn-svm-kernels": "app.json:1 bad-json",
  "007arunwilson+rn-skelton": "app.json foreign-file",
  "TgCatUB+catuserbot@5d1a8dbc": "app.json:112 bad-json",
  "TgCatUB+catuserbot@8355ad3d": "app.json:80 bad-json",
  "bullet-train-co+bullet_train@b0d541b2": "app.json:31 bad-json",
  "cookiecutter+cookiecutter-django": "Procfile:3 template",
  "heroku+python-getting-started": "app.json:21 bad-json",
  "heroku+ruby-getting-started@d0cab129": "Procfile:2 bad-procfile",
  "mozilla+pontoon@b680819f": "Procfile:1 merge-conflict",
  "papercups-io+papercups@bbaa4799": "app.json:5 bad-json",
  "rubyforgood+casa@b0de8c44": "app.json:27 bad-json",
};

async function outcome(app: string): Promise<Imported | string> {
  try {
    return await importFolder(join(corpus, app));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [problem] = error.problems;
    expect(problem?.suggestion, "an error says what to do").toBeTruthy();
    const line = problem?.line === undefined ? "" : `:${problem.line}`;
    return `${problem?.file}${line} ${problem?.code}`;
  }
}

/** The keys of a file as another parser sees them; undefined for what strict parsers refuse. */
async function keysOf(app: string, file: string): Promise<readonly (string | number)[] | undefined> {
  const text = await readFile(join(corpus, app, file), "utf8");
  if (file.endsWith("Procfile")) return linesOf(text);
  if (!file.endsWith(".json")) return yamlPointers(text);
  try {
    return pointersOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

describe.skipIf(apps.length === 0)(
  "real apps (skipped where their files are not there: see UNDERSTUDY_CORPUS)",
  () => {
    it.each(apps)("%s is imported, or refused for a reason", async (app) => {
      const result = await outcome(app);
      if (typeof result === "string") {
        expect(result).toBe(refused[app]);
        return;
      }
      expect(Object.keys(refused)).not.toContain(app);
      expect(parseApp(result.app)).toEqual(result.app);
      expect(parseAppText(stringifyApp(result.app, result.comments), "understudy.yaml")).toEqual(result.app);
      for (const { status, reason } of result.sources) {
        if (status !== "carried") expect(reason).toBeTruthy();
      }
      for (const file of new Set(result.sources.map((source) => source.file))) {
        const keys = await keysOf(app, file);
        if (keys === undefined) continue;
        const accounted = result.sources.filter((source) => source.file === file);
        const places = accounted.map((source) => source.pointer ?? source.line);
        expect([...new Set(places)].sort()).toEqual([...new Set(keys)].sort());
      }
    });

    it("no key of any of them is not understood", async () => {
      const forgotten: string[] = [];
      for (const app of apps) {
        const result = await outcome(app);
        if (typeof result === "string") continue;
        for (const { file, pointer, reason } of result.sources) {
          if (reason === "not understood") forgotten.push(`${app}/${file} ${pointer}`);
        }
      }
      expect(forgotten).toEqual([]);
    });

    it("each can be compared with every platform, which knows all its fields", async () => {
      const platforms = await Promise.all(platformNames.map(loadPlatform));
      for (const app of apps) {
        const result = await outcome(app);
        if (typeof result === "string") continue;
        for (const { name, capabilities } of platforms) {
          const unknown = compare(result.app, capabilities).filter(
            (field) => field.reason === "unknown to this platform",
          );
          expect(unknown, `${app} on ${name}`).toEqual([]);
        }
      }
    });

    it("each renders for every platform, in both roles, to files that its tools take and equal ones each time", async () => {
      const platforms = await Promise.all(platformNames.map(loadPlatform));
      for (const app of apps) {
        const result = await outcome(app);
        if (typeof result === "string") continue;
        for (const platform of platforms) {
          const settings = platform.settings.parse({});
          const archive = { path: "/source.tgz", sha256: "0".repeat(64) };
          for (const role of ["active", "standby"] as const) {
            const render = () => platform.render(result.app, { name: "mirror", role, settings, archive });
            const rendered = render();
            expect(rendered.artifacts.length, `${app} on ${platform.name}`).toBeGreaterThan(0);
            expect(rendered.resources.length, `${app} on ${platform.name}`).toBeGreaterThan(0);
            expect(render()).toEqual(rendered);
          }
        }
      }
    });
  },
);
