import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { InputError, messageOf } from "../base/errors.ts";
import { readTextIfExists } from "../base/file.ts";
import { parseApp } from "./parse.ts";
import type { App } from "./schema.ts";
import { parseAppText } from "./text.ts";

const modules = new Set([".ts", ".mts", ".js", ".mjs"]);
const texts = new Set([".yaml", ".yml", ".json"]);

/**
 * The description in a file: YAML or JSON, or a TypeScript or JavaScript module that exports it as `app` (or as default).
 * @throws InputError with every problem, and its line and column where the file is YAML or JSON.
 */
export async function loadApp(path: string): Promise<App> {
  const extension = extname(path).toLowerCase();
  if (modules.has(extension)) return loadModule(path);
  if (!texts.has(extension)) {
    throw new InputError([
      {
        code: "unknown-format",
        message: `${path} is not a kind of file that can hold an app's description.`,
        file: path,
        suggestion: `Use one of ${[...texts, ...modules].join(", ")}.`,
      },
    ]);
  }
  return parseAppText(await readText(path), path);
}

async function readText(path: string): Promise<string> {
  let text: string | undefined;
  try {
    text = await readTextIfExists(path);
  } catch (error) {
    throw new InputError(
      [{ code: "unreadable", message: `It can't be read: ${messageOf(error)}.`, file: path }],
      {
        cause: error,
      },
    );
  }
  if (text !== undefined) return text;
  throw new InputError([
    {
      code: "no-file",
      message: "There is no such file.",
      file: path,
      suggestion: "Make one with: understudy import -o understudy.yaml",
    },
  ]);
}

async function loadModule(path: string): Promise<App> {
  await readText(path);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>;
  } catch (error) {
    // The module may call defineApp itself: its problems are what the reader needs.
    if (error instanceof InputError) {
      throw new InputError(
        error.problems.map((problem) => ({ ...problem, file: problem.file ?? path })),
        { cause: error },
      );
    }
    throw new InputError(
      [
        {
          code: "module-failed",
          message: `The module failed: ${messageOf(error)}`,
          file: path,
          suggestion: "Run it with node to see where.",
        },
      ],
      { cause: error },
    );
  }
  const value = exported.app ?? exported.default;
  if (value !== undefined) return parseApp(value, { file: path });
  const names = Object.keys(exported).join(", ") || "nothing";
  throw new InputError([
    {
      code: "no-app",
      message: `The module exports ${names}, but no app.`,
      file: path,
      suggestion: "Write: export const app = defineApp({ ... });",
    },
  ]);
}
