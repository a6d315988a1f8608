import { createRequire } from "node:module";
import { delimiter, dirname, join, sep } from "node:path";
import { UnderstudyError } from "../base/errors.ts";
import type { Project } from "./project.ts";

/** Where the SDK of the program has a file. Throws `no-sdk`. */
export function sdkFile(project: Project, file: string): string {
  try {
    return createRequire(join(project.programFolder, "package.json")).resolve(`@pulumi/pulumi/${file}`);
  } catch (error) {
    throw new UnderstudyError("The program's folder has no @pulumi/pulumi to run it with.", {
      code: "no-sdk",
      path: project.programFolder,
      cause: error,
      suggestion: "Run `npm install` there.",
    });
  }
}

/** Where Node may keep what it compiled: with the modules themselves, which are nobody's source. */
function compileCache(project: Project): string | undefined {
  const mark = `${sep}node_modules${sep}`;
  try {
    const path = sdkFile(project, "package.json");
    const index = path.lastIndexOf(`${mark}@pulumi${sep}`);
    return index < 0 ? undefined : join(path.slice(0, index + mark.length), ".cache", "node");
  } catch {
    // Without the SDK there is no program to start either; destroy and refresh do without both.
    return undefined;
  }
}

/**
 * The environment of programs and plugins: this process's own node comes first on PATH, for scripts that run `node`, and
 * Node keeps what it compiles, which saves a third of the SDK's start.
 */
export function nodeEnv(env: NodeJS.ProcessEnv, project: Project): NodeJS.ProcessEnv {
  const cache = env.NODE_COMPILE_CACHE ?? compileCache(project);
  return {
    ...env,
    PATH: [dirname(process.execPath), env.PATH ?? ""].join(delimiter),
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }),
  };
}
