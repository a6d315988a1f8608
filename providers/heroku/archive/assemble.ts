import { readFile } from "node:fs/promises";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { linesFor } from "../render/procfile.ts";
import { fileIn, withFiles } from "./tar.ts";

/** What an upload is put together from. */
export interface UploadParts {
  /** Path of the packed source; none when the files are all. */
  readonly archive?: string;
  readonly files: Readonly<Record<string, string>>;
  /** Process types whose command comes from the archive's own Procfile. */
  readonly keepProcesses: readonly string[];
}

async function archiveAt(path: string | undefined): Promise<Uint8Array | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (error) {
    throw new UnderstudyError(`The source archive '${path}' can't be read.`, {
      code: "no-archive",
      path,
      cause: error,
      suggestion: "Run `understudy up` again: it packs the source.",
    });
  }
}

/** The archive that Heroku builds: the source with the description's files over it. */
export async function assembleUpload({ archive, files, keepProcesses }: UploadParts): Promise<Uint8Array> {
  const source = await archiveAt(archive);
  if (keepProcesses.length === 0 || source === undefined) return await withFiles(source, files);
  const own = (await fileIn(source, "Procfile")) ?? "";
  const described = (files.Procfile ?? "").split("\n").filter((line) => line !== "");
  const procfile = [...described, ...linesFor(keepProcesses, own)].sort();
  if (procfile.length === 0) return await withFiles(source, files);
  return await withFiles(source, { ...files, Procfile: `${procfile.join("\n")}\n` });
}
