import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import ignore, { type Ignore } from "ignore";
import { create } from "tar";
import { InputError } from "../base/errors.ts";
import { readTextIfExists } from "../base/file.ts";

/** An app's source in one file. */
export interface Archive {
  /** A gzip'd tar with the files at its root. */
  readonly path: string;
  /** Hex, of the file. Equal sources give equal hashes, whenever and wherever they are packed. */
  readonly sha256: string;
}

/** Rules that keep files out of a build: git's, Heroku's and Cloud Foundry's. */
const ignoreFiles = [".gitignore", ".slugignore", ".cfignore"];

/** Never part of a source, whatever the ignore files say: what is made from it, and what describes it to Understudy. */
const never = [
  ".git",
  "node_modules",
  ".venv",
  "__pycache__",
  ".understudy",
  "*.kit",
  "/understudy.yaml",
  "/Pulumi.yaml",
  "/Pulumi.*.yaml",
  "/stacks/index.mjs",
  "/stacks/package.json",
];

interface Rules {
  /** The folder that the rules are written for, relative to the source. */
  readonly folder: string;
  readonly matcher: Ignore;
}

async function rulesOf(root: string, folder: string): Promise<Rules | undefined> {
  const texts = await Promise.all(ignoreFiles.map((name) => readTextIfExists(join(root, folder, name))));
  const lines = texts.filter((text) => text !== undefined);
  return lines.length === 0 ? undefined : { folder, matcher: ignore().add(lines.join("\n")) };
}

/** Every file that belongs to the source, sorted, relative to its folder. */
async function listFiles(
  root: string,
  folder = "",
  outer: readonly Rules[] = [],
): Promise<readonly string[]> {
  const own = await rulesOf(root, folder);
  const rules = own === undefined ? outer : [...outer, own];
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    const isFolder = entry.isDirectory();
    const ignored = rules.some(({ folder: base, matcher }) => {
      const below = base === "" ? path : relative(base, path);
      return matcher.ignores(isFolder ? `${below}/` : below);
    });
    if (ignored) continue;
    if (isFolder) found.push(...(await listFiles(root, path, rules)));
    else if (entry.isFile() || entry.isSymbolicLink()) found.push(path);
  }
  return found;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

/** Packs a folder. Times and owners are left out and modes are made one of two, so that a fresh clone packs the same. */
export async function archiveFolder(folder: string, into: string): Promise<Archive> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true) {
    throw new InputError([
      {
        code: "no-source",
        path: "source.path",
        message: `There is no folder '${folder}'.`,
        suggestion: "Set source.path to the app's folder, relative to its description.",
      },
    ]);
  }
  const matcher = { folder: "", matcher: ignore().add(never) };
  const files = await listFiles(folder, "", [matcher]);
  if (files.length === 0) {
    throw new InputError([
      {
        code: "empty-source",
        path: "source.path",
        message: `'${folder}' holds no file that isn't ignored.`,
        suggestion: `Look at ${ignoreFiles.join(", ")} there.`,
      },
    ]);
  }
  await mkdir(into, { recursive: true });
  const temporary = join(into, `.${randomUUID()}.tmp`);
  try {
    await create(
      {
        cwd: folder,
        file: temporary,
        gzip: { level: 6 },
        portable: true,
        noMtime: true,
        noDirRecurse: true,
        onWriteEntry: (entry) => {
          if (entry.stat !== undefined)
            entry.stat.mode = (entry.stat.mode & 0o111) === 0 ? 0o100644 : 0o100755;
        },
      },
      [...files],
    );
    const sha256 = await hashOf(temporary);
    const path = join(into, `${sha256}.tgz`);
    await rename(temporary, path);
    return { path, sha256 };
  } finally {
    await rm(temporary, { force: true });
  }
}
