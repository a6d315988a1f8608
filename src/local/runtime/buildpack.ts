import { join } from "node:path";
import { z } from "zod";
import { UnderstudyError } from "../../base/errors.ts";
import { readTextIfExists } from "../../base/file.ts";
import { parseProcfile } from "./procfile.ts";

/** Folder, in the slug, of the packages that pip installed. */
export const pythonPackages = ".python_packages";

export interface BuildStep {
  readonly command: string;
  readonly args: readonly string[];
}

/** What has to be done to make a source ready, and how it is run then. */
export interface BuildPlan {
  readonly buildpack: string;
  /** What was recognised, for the build's log. */
  readonly reason: string;
  readonly steps: readonly BuildStep[];
  readonly processTypes: Readonly<Record<string, string>>;
  /** A step runs code of the app that may read its environment: equal sources may then build to unlike slugs. */
  readonly readsEnv: boolean;
}

const packageSchema = z.looseObject({
  scripts: z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

function parsePackage(text: string): z.output<typeof packageSchema> {
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new UnderstudyError(`The app's package.json can't be read: ${what}`, {
      code: "build-failed",
      path: "package.json",
      cause: error,
    });
  }
}

function npm(...args: readonly string[]): BuildStep {
  return { command: "npm", args: [...args, "--no-audit", "--no-fund", "--prefer-offline"] };
}

async function planNode(folder: string, packageText: string): Promise<Omit<BuildPlan, "processTypes">> {
  const manifest = parsePackage(packageText);
  const script = ["heroku-postbuild", "build"].find((name) => manifest.scripts[name] !== undefined);
  const count = (packages: Readonly<Record<string, string>>): number => Object.keys(packages).length;
  const needed = count(manifest.dependencies) + count(manifest.optionalDependencies);
  const forBuild = script === undefined ? 0 : count(manifest.devDependencies);
  const lockFiles = ["package-lock.json", "npm-shrinkwrap.json"];
  const locks = await Promise.all(lockFiles.map((name) => readTextIfExists(join(folder, name))));
  const install = locks.some((lock) => lock !== undefined) ? "ci" : "install";
  const steps: BuildStep[] = [];
  if (needed + forBuild > 0) steps.push(npm(install, forBuild > 0 ? "--include=dev" : "--omit=dev"));
  if (script !== undefined) steps.push({ command: "npm", args: ["run", script] });
  if (forBuild > 0) steps.push(npm("prune", "--omit=dev"));
  return {
    buildpack: "heroku/nodejs",
    reason: "package.json: a Node.js app",
    steps,
    readsEnv: script !== undefined,
  };
}

function planPython(requirements: string): Omit<BuildPlan, "processTypes"> {
  const wanted = requirements.split(/\r?\n/).some((line) => !/^\s*(#|$)/.test(line));
  const args = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
  const install = {
    command: "python3",
    args: [...args, "--target", pythonPackages, "-r", "requirements.txt"],
  };
  return {
    buildpack: "heroku/python",
    reason: "requirements.txt: a Python app",
    steps: wanted ? [install] : [],
    readsEnv: false,
  };
}

/** Process types that Node.js itself has: npm's start script, else server.js. */
async function nodeTypes(folder: string, packageText: string): Promise<Readonly<Record<string, string>>> {
  if (parsePackage(packageText).scripts.start !== undefined) return { web: "npm start" };
  const server = await readTextIfExists(join(folder, "server.js"));
  return server === undefined ? {} : { web: "node server.js" };
}

/**
 * Looks at a source as the platforms' buildpacks do: Node.js by its package.json, else Python by its requirements.txt,
 * else what the Procfile says needs no building. Throws `build-failed` for a package.json that is none.
 */
export async function planBuild(folder: string): Promise<BuildPlan> {
  const [procfile, packageText, requirements] = await Promise.all(
    ["Procfile", "package.json", "requirements.txt"].map((name) => readTextIfExists(join(folder, name))),
  );
  const declared = procfile === undefined ? undefined : parseProcfile(procfile);
  if (packageText !== undefined) {
    const plan = await planNode(folder, packageText);
    return { ...plan, processTypes: declared ?? (await nodeTypes(folder, packageText)) };
  }
  if (requirements !== undefined) return { ...planPython(requirements), processTypes: declared ?? {} };
  const buildpack = declared === undefined ? "none" : "heroku/procfile";
  const reason = declared === undefined ? "no language and no Procfile found" : "Procfile: run as it is";
  return { buildpack, reason, steps: [], processTypes: declared ?? {}, readsEnv: false };
}
