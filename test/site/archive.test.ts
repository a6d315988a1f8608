import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { list } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/errors.ts";
import { archiveFolder } from "../../src/site/archive.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "archive-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function source(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, name, path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text);
  }
  return join(root, name);
}

async function namesIn(path: string): Promise<readonly string[]> {
  const names: string[] = [];
  await list({ file: path, onReadEntry: (entry) => names.push(entry.path) });
  return names;
}

describe("archiveFolder", () => {
  it("packs equal sources to equal hashes, whenever they were written and whatever the umask", async () => {
    const files = { Procfile: "web: node web.js\n", "lib/a.js": "1" };
    const one = await source("one", files);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const two = await source("two", files);
    await chmod(join(two, "lib/a.js"), 0o600);
    const [first, second] = [
      await archiveFolder(one, join(root, "out")),
      await archiveFolder(two, join(root, "out")),
    ];
    expect(second.sha256).toBe(first.sha256);
  });

  it("gives another hash for another content", async () => {
    const one = await source("one", { Procfile: "web: a\n" });
    const first = await archiveFolder(one, join(root, "out"));
    await writeFile(join(one, "Procfile"), "web: b\n");
    expect((await archiveFolder(one, join(root, "out"))).sha256).not.toBe(first.sha256);
  });

  it("leaves out what the ignore files of each folder say, and never packs .git or node_modules", async () => {
    const folder = await source("app", {
      ".gitignore": "*.log\n/build\n",
      "debug.log": "",
      "build/out.js": "",
      "sub/build/kept.js": "",
      "sub/.gitignore": "private\n",
      "sub/private/key": "",
      "node_modules/x/index.js": "",
      ".git/HEAD": "",
      "a.js": "",
    });
    const { path } = await archiveFolder(folder, join(root, "out"));
    expect(await namesIn(path)).toEqual([".gitignore", "a.js", "sub/.gitignore", "sub/build/kept.js"]);
  });

  it("says so when there is no folder, or nothing in it", async () => {
    await expect(archiveFolder(join(root, "nowhere"), root)).rejects.toThrow(InputError);
    await mkdir(join(root, "empty"));
    await expect(archiveFolder(join(root, "empty"), root)).rejects.toMatchObject({ code: "empty-source" });
  });
});
