import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../base/run.ts";
import { pythonPackages } from "./buildpack.ts";
import type { Slug } from "./contract.ts";

/** Folders of installed packages: large, and not written to, so that their content is linked instead of copied. */
const packageFolders: ReadonlySet<string> = new Set(["node_modules", pythonPackages]);

/** Where one instance lives; gone with it. */
export interface InstanceFolder {
  readonly home: string;
  readonly temporary: string;
  remove(): Promise<void>;
}

/**
 * Makes a private copy of a slug. Package folders become folders of links, one for each package: the instance may add
 * to them (caches), and only what it writes into an installed package itself would reach the slug.
 */
export async function createInstanceFolder(slug: Slug, root: string): Promise<InstanceFolder> {
  const folder: InstanceFolder = {
    home: join(root, "app"),
    temporary: join(root, "tmp"),
    remove: () => rm(root, { recursive: true, force: true }),
  };
  try {
    await mkdir(folder.home, { recursive: true });
    await mkdir(folder.temporary);
    await fill(folder.home, slug.folder);
    return folder;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function fill(home: string, source: string): Promise<void> {
  const entries = await readdir(source, { withFileTypes: true });
  const isLinked = (entry: (typeof entries)[number]): boolean =>
    entry.isDirectory() && packageFolders.has(entry.name);
  // Paths are absolute, so none can be taken for an option.
  const copied = entries.filter((entry) => !isLinked(entry)).map((entry) => join(source, entry.name));
  if (copied.length > 0) await run("cp", ["-a", ...copied, home]);
  for (const { name } of entries.filter(isLinked)) {
    await mkdir(join(home, name));
    const packages = await readdir(join(source, name));
    await Promise.all(packages.map((item) => symlink(join(source, name, item), join(home, name, item))));
  }
}
