import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/file.ts";

/** The uploaded bits of packages, on disk. */
export interface Bits {
  /** Gives the SHA-256 in hex. */
  write(packageGuid: string, content: Uint8Array): Promise<string>;
  read(packageGuid: string): Promise<Uint8Array>;
  remove(packageGuid: string): Promise<void>;
}

export function createBits(folder: string): Bits {
  const place = (guid: string) => join(folder, "packages", `${guid}.zip`);
  return {
    async write(guid, content) {
      await writeFileAtomic(place(guid), content);
      return createHash("sha256").update(content).digest("hex");
    },
    read: (guid) => readFile(place(guid)),
    remove: (guid) => rm(place(guid), { force: true }),
  };
}
