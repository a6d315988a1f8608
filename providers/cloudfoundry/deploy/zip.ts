import { createReadStream } from "node:fs";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { Parser, type ReadEntry } from "tar";
import { ZipFile } from "yazl";
import { messageOf, UnderstudyError } from "../../../src/base/errors.ts";

/** The same bytes for the same archive: a zip has a time for each file, and that of a tar is no part of its content. */
const mtime = new Date("2000-01-01T00:00:00Z");
/** A symbolic link in the upper half of a zip's external attributes (zip's Unix format). */
const symbolicLink = 0o120777;

async function addEntry(zip: ZipFile, entry: ReadEntry): Promise<void> {
  const path = entry.path.replace(/^(\.\/)+/, "");
  if (path === "" || path === ".") {
    entry.resume();
    return;
  }
  const mode = entry.mode ?? 0o644;
  switch (entry.type) {
    case "Directory":
      entry.resume();
      zip.addEmptyDirectory(path, { mtime, mode: 0o40000 | mode });
      return;
    case "SymbolicLink":
      entry.resume();
      zip.addBuffer(Buffer.from(entry.linkpath ?? ""), path, { mtime, mode: symbolicLink });
      return;
    case "File":
    case "OldFile":
    case "ContiguousFile": {
      const content: Uint8Array[] = [];
      for await (const chunk of entry) content.push(chunk as Uint8Array);
      zip.addBuffer(Buffer.concat(content), path, { mtime, mode: 0o100000 | mode });
      return;
    }
    default:
      throw new UnderstudyError(
        `The source archive holds '${path}', a ${entry.type}, which a zip can't carry.`,
        {
          code: "unsupported-file",
          suggestion: "Leave it out of the source.",
        },
      );
  }
}

/** The content of a gzip'd tar as the zip that Cloud Foundry takes, with the files' modes. */
export async function zipOf(archive: string): Promise<Uint8Array> {
  const zip = new ZipFile();
  const content = buffer(zip.outputStream);
  let added: Promise<void> = Promise.resolve();
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry) => {
      added = added.then(() => addEntry(zip, entry));
      added.catch((error: unknown) =>
        parser.abort(error instanceof Error ? error : new Error(messageOf(error))),
      );
    },
  });
  try {
    await pipeline(createReadStream(archive), parser as unknown as NodeJS.WritableStream);
    await added;
  } catch (error) {
    if (error instanceof UnderstudyError) throw error;
    throw new UnderstudyError(`The source archive '${archive}' can't be read: ${messageOf(error)}`, {
      code: "bad-archive",
      path: archive,
      cause: error,
    });
  }
  zip.end();
  return await content;
}
