import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { z } from "zod";
import { RefusedError, UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";
import type { Artifact } from "../platform/contract.ts";

/** Beside what was written: the SHA-256 of each file, so that a later run knows which are still as it left them. */
const recordFile = ".understudy-render.json";
const recordSchema = z.object({ files: z.record(z.string(), z.string()) });

export interface Written {
  readonly path: string;
  readonly change: "wrote" | "kept" | "removed";
}

/**
 * Writes all files, or none when one of them is not this command's to overwrite: it was there before, or somebody edited
 * it since. Files that an earlier run wrote and that are no longer rendered are removed.
 * @throws RefusedError naming every such file.
 */
export async function writeArtifacts(
  folder: string,
  artifacts: readonly Artifact[],
  { force }: { readonly force: boolean },
): Promise<readonly Written[]> {
  for (const { path } of artifacts) {
    if (isAbsolute(path) || normalize(path).startsWith("..")) {
      throw new UnderstudyError(`A rendered file would lie outside of ${folder}: ${path}.`, {
        code: "bad-artifact",
      });
    }
  }
  const known = await readRecord(folder);
  const wanted = new Map(artifacts.map(({ path, content }) => [path, content]));
  const foreign: string[] = [];
  const written: Written[] = [];
  for (const [path, content] of wanted) {
    const there = await readTextIfExists(join(folder, path));
    if (there !== undefined && there !== content && known.get(path) !== digest(there)) foreign.push(path);
    written.push({ path, change: there === content ? "kept" : "wrote" });
  }
  if (foreign.length > 0 && !force) {
    throw new RefusedError(`Files are there that this command did not write: ${foreign.join(", ")}.`, {
      code: "file-exists",
      rule: "keep what a person may have written",
      path: folder,
      suggestion: "Render into another folder, or overwrite them with --force.",
    });
  }
  for (const { path, change } of written) {
    if (change === "wrote") await writeFileAtomic(join(folder, path), wanted.get(path) ?? "");
  }
  for (const [path, hash] of known) {
    if (wanted.has(path)) continue;
    const there = await readTextIfExists(join(folder, path));
    if (there === undefined || digest(there) !== hash) continue;
    await rm(join(folder, path));
    written.push({ path, change: "removed" });
  }
  const files = Object.fromEntries([...wanted].map(([path, content]) => [path, digest(content)]));
  await writeFileAtomic(join(folder, recordFile), `${JSON.stringify({ files }, undefined, 2)}\n`);
  return written;
}

async function readRecord(folder: string): Promise<ReadonlyMap<string, string>> {
  const text = await readTextIfExists(join(folder, recordFile));
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(recordSchema.parse(JSON.parse(text)).files));
  } catch {
    // Without a record nothing counts as ours: the careful side.
    return new Map();
  }
}

function digest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
