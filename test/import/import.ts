import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../src/base/errors.ts";
import type { Problem } from "../../src/base/problem.ts";
import { type ImportOptions, importFolder } from "../../src/import/folder.ts";
import type { Status } from "../../src/import/ledger.ts";
import type { Imported } from "../../src/import/merge.ts";
import { temporaryFolder } from "../support/folder.ts";

/** Writes the files into a folder of their own, called `shop`. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(await temporaryFolder(), "shop");
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Imports a folder with these files; values that are no text are written as JSON. */
export async function importFiles(
  files: Readonly<Record<string, unknown>>,
  options: ImportOptions = {},
): Promise<Imported> {
  const texts = Object.entries(files).map(([name, content]) => [
    name,
    typeof content === "string" ? content : JSON.stringify(content, undefined, 2),
  ]);
  return importFolder(await folderWith(Object.fromEntries(texts) as Record<string, string>), options);
}

/** What the importer says is wrong with these files. */
export async function problemsIn(files: Readonly<Record<string, unknown>>): Promise<readonly Problem[]> {
  try {
    await importFiles(files);
  } catch (error) {
    if (error instanceof InputError) return error.problems;
    throw error;
  }
  throw new Error("They were accepted.");
}

/** What became of the key at a pointer (or of a Procfile's line). */
export function statusOf({ sources }: Imported, place: string | number): Status | undefined {
  return sources.find((source) => (source.pointer ?? source.line) === place)?.status;
}

export function noteCodes({ notes }: Imported): readonly string[] {
  return notes.map((note) => note.code);
}
