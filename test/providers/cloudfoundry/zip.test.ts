import { chmod, lstat, mkdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { zipOf } from "../../../providers/cloudfoundry/deploy/zip.ts";
import { run } from "../../../src/base/run.ts";
import { unpack } from "../../../src/local/runtime/archive.ts";
import { temporaryFolder } from "../../support/folder.ts";

async function packed(folder: string): Promise<string> {
  const archive = `${folder}.tgz`;
  await run("tar", ["-czf", archive, "-C", folder, "."]);
  return archive;
}

it("carries files, their modes, folders and links from the tar into the zip", async () => {
  const root = await temporaryFolder();
  const source = join(root, "source");
  await mkdir(join(source, "bin"), { recursive: true });
  await mkdir(join(source, "empty"));
  await writeFile(join(source, "bin", "run"), "#!/bin/sh\necho hello\n");
  await chmod(join(source, "bin", "run"), 0o755);
  await writeFile(join(source, "größe.txt"), "x".repeat(100_000));
  await writeFile(join(source, "nothing"), "");
  await symlink("bin/run", join(source, "link"));

  const target = join(root, "target");
  await unpack(await zipOf(await packed(source)), target);
  expect((await stat(join(target, "bin", "run"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(target, "größe.txt"))).mode & 0o111).toBe(0);
  expect(await readFile(join(target, "größe.txt"), "utf8")).toHaveLength(100_000);
  expect((await stat(join(target, "nothing"))).size).toBe(0);
  expect((await stat(join(target, "empty"))).isDirectory()).toBe(true);
  expect((await lstat(join(target, "link"))).isSymbolicLink()).toBe(true);
  expect(await readlink(join(target, "link"))).toBe("bin/run");
});

it("gives the same bytes for the same content, whenever it was packed", async () => {
  const root = await temporaryFolder();
  const source = join(root, "source");
  await mkdir(source);
  await writeFile(join(source, "a"), "one");
  const first = await zipOf(await packed(source));
  await run("touch", ["-d", "2001-01-01", join(source, "a")]);
  expect(Buffer.compare(first, await zipOf(await packed(source)))).toBe(0);
});

it.each([
  ["is no archive", "this is no archive"],
  ["is cut off", undefined],
])("says which file %s", async (_what, content) => {
  const root = await temporaryFolder();
  const path = join(root, "source.tgz");
  if (content !== undefined) await writeFile(path, content);
  else {
    const source = join(root, "source");
    await mkdir(source);
    await writeFile(
      join(source, "a"),
      Buffer.from(Array.from({ length: 20_000 }, () => Math.random() * 256)),
    );
    await writeFile(path, (await readFile(await packed(source))).subarray(0, 5_000));
  }
  await expect(zipOf(path)).rejects.toMatchObject({ code: "bad-archive", path });
});

it("says which archive isn't there", async () => {
  await expect(zipOf("/no/such/source.tgz")).rejects.toMatchObject({ code: "bad-archive" });
});
