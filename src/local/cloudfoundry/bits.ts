import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/file.ts";
import type { Bits } from "./cloud.ts";

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
