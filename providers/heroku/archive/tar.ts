import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { UnderstudyError } from "../../../src/base/errors.ts";

// POSIX.1-2017, pax "ustar Interchange Format", with GNU's long names: 512-byte headers, contents padded to the same.

const blockSize = 512;

/** One file or folder of a tar, with the extension headers that belong to it. */
interface Member {
  readonly path: string;
  /** All its blocks, as they stand. */
  readonly blocks: Uint8Array;
  readonly content: Uint8Array;
}

function textAt(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString("utf8");
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function sizeIn(block: Uint8Array): number {
  const field = block.subarray(124, 136);
  if (((field[0] ?? 0) & 0x80) === 0) return Number.parseInt(textAt(block, 124, 12).trim() || "0", 8);
  return field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
}

function nameIn(block: Uint8Array): string {
  const isUstar = textAt(block, 257, 5) === "ustar";
  const prefix = isUstar ? textAt(block, 345, 155) : "";
  const name = textAt(block, 0, 100);
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** `path` of a pax extended header: records `LENGTH KEY=VALUE\n`. */
function paxPath(content: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(Buffer.from(content).toString("utf8"))?.[1];
}

function canonical(path: string): string {
  return path.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
}

function* membersOf(tar: Uint8Array): Generator<Member> {
  let start = 0;
  let longPath: string | undefined;
  for (let at = 0; at + blockSize <= tar.length; ) {
    const header = tar.subarray(at, at + blockSize);
    if (header.every((byte) => byte === 0)) return;
    const size = sizeIn(header);
    const content = tar.subarray(at + blockSize, at + blockSize + size);
    if (!Number.isFinite(size) || content.length < size)
      throw notAnArchive("it ends in the middle of a file");
    at += blockSize + Math.ceil(size / blockSize) * blockSize;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === "x") longPath = paxPath(content) ?? longPath;
    else if (type === "L") longPath = textAt(content, 0, content.length);
    else if (type !== "g" && type !== "K") {
      yield { path: canonical(longPath ?? nameIn(header)), blocks: tar.subarray(start, at), content };
      longPath = undefined;
      start = at;
    }
  }
}

function notAnArchive(why: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError(`The source archive is no gzip'd tar: ${why}.`, {
    code: "bad-archive",
    cause,
    suggestion: "Give a .tgz with the app's files at its root.",
  });
}

/** Blocks of a plain file, readable by all, from the beginning of time: equal contents give equal bytes. */
function fileBlocks(path: string, content: Uint8Array): Uint8Array {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`'${path}' is too long for a plain tar header.`);
  const header = Buffer.alloc(blockSize);
  header.write(path, 0, 100, "utf8");
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize);
  return Buffer.concat([header, content, padding]);
}

async function unzip(archive: Uint8Array): Promise<Uint8Array> {
  try {
    return await promisify(gunzip)(archive);
  } catch (error) {
    throw notAnArchive("it can't be unzipped", error);
  }
}

/** Text of a file at the root of an archive. */
export async function fileIn(archive: Uint8Array, path: string): Promise<string | undefined> {
  for (const member of membersOf(await unzip(archive))) {
    if (member.path === path) return Buffer.from(member.content).toString("utf8");
  }
  return undefined;
}

/** The archive with these files in place of its own of the same paths; without an archive, of these files alone. */
export async function withFiles(
  archive: Uint8Array | undefined,
  files: Readonly<Record<string, string>>,
): Promise<Uint8Array> {
  const members = archive === undefined ? [] : [...membersOf(await unzip(archive))];
  const kept = members.filter(({ path }) => files[path] === undefined).map(({ blocks }) => blocks);
  const added = Object.entries(files)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, text]) => fileBlocks(path, Buffer.from(text)));
  return await promisify(gzip)(Buffer.concat([...kept, ...added, Buffer.alloc(2 * blockSize)]), { level: 6 });
}
