import { mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { create, Header } from "tar";
import { expect, test } from "vitest";
import { ZipFile } from "yazl";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { unpack } from "../../../src/local/runtime/archive.ts";
import { temporaryFolder } from "../../support/folder.ts";
import { archiveOf } from "../../support/runtime.ts";

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof UnderstudyError ? `${error.code}: ${error.message}` : String(error);
}

/** A gzip'd tar with one entry whose header is as given, which no honest packer would write. */
function forgedTar(header: Partial<ConstructorParameters<typeof Header>[0] & object>): Uint8Array {
  const block = Buffer.alloc(512);
  new Header({ mode: 0o644, size: 0, mtime: new Date(0), ...header } as never).encode(block, 0);
  return gzipSync(Buffer.concat([block, Buffer.alloc(1024)]));
}

async function zipOf(fill: (zip: ZipFile) => void): Promise<Uint8Array> {
  const zip = new ZipFile();
  fill(zip);
  zip.end();
  return await buffer(zip.outputStream);
}

test("unpacks a tar with its files at the top", async () => {
  const folder = await temporaryFolder();
  const app = await unpack(await archiveOf({ Procfile: "web: x", "lib/a.js": "a" }), folder);
  expect(app).toBe(folder);
  expect(await readFile(join(app, "lib/a.js"), "utf8")).toBe("a");
});

test("takes a folder around everything for the app itself", async () => {
  const [source, folder] = [await temporaryFolder(), await temporaryFolder()];
  await mkdir(join(source, "guestbook-1a2b3c"));
  await writeFile(join(source, "guestbook-1a2b3c", "Procfile"), "web: x", { mode: 0o755 });
  await symlink("Procfile", join(source, "guestbook-1a2b3c", "link"));
  const archive = await buffer(create({ cwd: source, gzip: true }, ["guestbook-1a2b3c"]) as never);
  const app = await unpack(archive, folder);
  expect(app).toBe(join(folder, "guestbook-1a2b3c"));
  expect((await stat(join(app, "Procfile"))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(app, "link"))).toBe("Procfile");
});

test("unpacks a zip and keeps modes, folders and links", async () => {
  const folder = await temporaryFolder();
  const archive = await zipOf((zip) => {
    zip.addBuffer(Buffer.from("#!/bin/sh\n"), "bin/run", { mode: 0o100755 });
    zip.addBuffer(Buffer.from("text"), "read.me", { mode: 0o100644 });
    zip.addEmptyDirectory("empty");
    zip.addBuffer(Buffer.from("bin/run"), "start", { mode: 0o120777 });
  });
  const app = await unpack(archive, folder);
  expect((await readdir(app)).sort()).toEqual(["bin", "empty", "read.me", "start"]);
  expect((await stat(join(app, "bin/run"))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(app, "start"))).toBe("bin/run");
});

test.each([
  ["a tar entry above the folder", forgedTar({ path: "../evil", type: "File" })],
  ["a tar link out of the folder", forgedTar({ path: "evil", type: "SymbolicLink", linkpath: "../../etc" })],
  ["a tar link to an absolute path", forgedTar({ path: "evil", type: "SymbolicLink", linkpath: "/etc" })],
])("refuses %s", async (_name, archive) => {
  expect(await codeOf(unpack(archive, await temporaryFolder()))).toMatch(/^build-failed: .*leads out of it/);
});

test("refuses a zip entry and a zip link that lead out of the folder", async () => {
  // yazl refuses such a name itself: it is put in after the archive was made.
  const honest = await zipOf((zip) => zip.addBuffer(Buffer.from("x"), "aa/evil"));
  const forged = Buffer.from(
    Buffer.from(honest).toString("latin1").replaceAll("aa/evil", "../evil"),
    "latin1",
  );
  expect(await codeOf(unpack(forged, await temporaryFolder()))).toMatch(/^build-failed/);
  const link = await zipOf((zip) => zip.addBuffer(Buffer.from("../../etc"), "evil", { mode: 0o120777 }));
  expect(await codeOf(unpack(link, await temporaryFolder()))).toMatch(/^build-failed: .*leads out of it/);
});

test("says what is wrong with what is no archive", async () => {
  expect(await codeOf(unpack(Buffer.from("hello"), await temporaryFolder()))).toBe(
    "build-failed: The archive of 5 bytes is neither a gzip'd tar nor a zip.",
  );
  expect(await codeOf(unpack(new Uint8Array(), await temporaryFolder()))).toMatch(
    /^build-failed: .*of 0 bytes/,
  );
  const whole = await archiveOf({ Procfile: "web: x", data: "x".repeat(5_000) });
  expect(await codeOf(unpack(whole.subarray(0, 60), await temporaryFolder()))).toMatch(/^build-failed/);
  expect(await codeOf(unpack(gzipSync(Buffer.alloc(1024)), await temporaryFolder()))).toMatch(
    /^build-failed/,
  );
});
