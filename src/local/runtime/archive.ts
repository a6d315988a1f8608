import { createWriteStream, type Stats } from "node:fs";
import { chmod, mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, type ReadEntry } from "tar";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { messageOf, UnderstudyError } from "../../base/errors.ts";

/** Anything beyond is taken for a bomb; Heroku's own limit for a slug is half of it. */
const maxUnpackedBytes = 1024 ** 3;

function refuse(message: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError(message, {
    code: "build-failed",
    ...(cause === undefined ? {} : { cause }),
    suggestion: "Send the app's source as a gzip'd tar or a zip, with paths inside of it only.",
  });
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}

function checkedPath(root: string, path: string): string {
  const target = resolve(root, path);
  if (isAbsolute(path) || !isInside(root, target))
    throw refuse(`The archive's entry '${path}' leads out of it.`);
  return target;
}

function checkLink(root: string, path: string, link: string): void {
  const target = resolve(dirname(join(root, path)), link);
  if (isAbsolute(link) || !isInside(root, target)) {
    throw refuse(`The archive's link '${path}' -> '${link}' leads out of it.`);
  }
}

async function unpackTar(archive: Uint8Array, root: string): Promise<void> {
  let bytes = 0;
  let problem: UnderstudyError | undefined;
  const note = (work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      problem ??= error instanceof UnderstudyError ? error : refuse(messageOf(error), error);
      return false;
    }
  };
  const isWanted = (path: string, entry: ReadEntry | Stats): boolean =>
    note(() => {
      checkedPath(root, path);
      bytes += entry.size ?? 0;
      if (bytes > maxUnpackedBytes) throw refuse("The archive holds more than 1 GiB.");
      if ("type" in entry && entry.type === "SymbolicLink") checkLink(root, path, entry.linkpath ?? "");
    });
  const unpacker = extract({
    cwd: root,
    preserveOwner: false,
    filter: isWanted,
    onwarn: (code, message) => {
      if (code !== "TAR_ENTRY_INFO") problem ??= refuse(`The archive can't be unpacked: ${String(message)}`);
    },
  });
  try {
    await pipeline(Readable.from([Buffer.from(archive)]), unpacker as unknown as NodeJS.WritableStream);
  } catch (error) {
    throw refuse(`The archive can't be unpacked: ${messageOf(error)}`, error);
  }
  if (problem !== undefined) throw problem;
}

const modeMask = 0o170000;
const symlinkMode = 0o120000;

async function unpackZipEntry(zip: ZipFile, entry: Entry, root: string): Promise<void> {
  const target = checkedPath(root, entry.fileName);
  if (entry.fileName.endsWith("/")) {
    await mkdir(target, { recursive: true });
    return;
  }
  await mkdir(dirname(target), { recursive: true });
  // The upper half of a Unix zip's external attributes is the file's mode; other systems leave it 0.
  const mode = entry.externalFileAttributes >>> 16;
  const stream = await zip.openReadStreamPromise(entry);
  if ((mode & modeMask) === symlinkMode) {
    const link = (await buffer(stream)).toString("utf8");
    checkLink(root, entry.fileName, link);
    await symlink(link, target);
    return;
  }
  await pipeline(stream, createWriteStream(target, { flags: "wx" }));
  if ((mode & 0o777) !== 0) await chmod(target, (mode & 0o777) | 0o600);
}

async function unpackZip(archive: Uint8Array, root: string): Promise<void> {
  let bytes = 0;
  try {
    const zip = await fromBufferPromise(Buffer.from(archive), { lazyEntries: true });
    for await (const entry of zip.eachEntry()) {
      bytes += entry.uncompressedSize;
      if (bytes > maxUnpackedBytes) throw refuse("The archive holds more than 1 GiB.");
      await unpackZipEntry(zip, entry, root);
    }
  } catch (error) {
    if (error instanceof UnderstudyError) throw error;
    throw refuse(`The archive can't be unpacked: ${messageOf(error)}`, error);
  }
}

/**
 * Unpacks a gzip'd tar or a zip, told by its first bytes, into an empty folder, and gives the folder in which the app is:
 * the only folder at the top if there is nothing beside it, as archives of repositories have it.
 * Throws `build-failed` for anything damaged, and for entries that lead out of the folder.
 */
export async function unpack(archive: Uint8Array, folder: string): Promise<string> {
  const [first, second] = archive;
  if (first === 0x1f && second === 0x8b) await unpackTar(archive, folder);
  else if (first === 0x50 && second === 0x4b) await unpackZip(archive, folder);
  else throw refuse(`The archive of ${archive.byteLength} bytes is neither a gzip'd tar nor a zip.`);
  const entries = await readdir(folder, { withFileTypes: true });
  const [only] = entries;
  if (only === undefined) throw refuse("The archive is empty.");
  return entries.length === 1 && only.isDirectory() ? join(folder, only.name) : folder;
}
