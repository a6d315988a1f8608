import { join } from "node:path";
import { z } from "zod";
import { canonicalName } from "../../base/dns/name.ts";
import { messageOf, UnderstudyError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import { makeZone, type ZoneData, zoneRecords } from "./zone.ts";

const fileSchema = z.strictObject({
  version: z.literal(1),
  zone: z.string(),
  records: z.array(
    z.strictObject({ name: z.string(), type: z.string(), ttlSeconds: z.int(), value: z.string() }),
  ),
});

/** Where zones that can be changed outlive the server. */
export interface ZoneStore {
  /** Undefined when the zone was never saved. Throws `bad-zone-file`. */
  load(zone: string): Promise<ZoneData | undefined>;
  /** On disk, whole, before it returns. */
  save(zone: ZoneData): Promise<void>;
}

export const memoryStore: ZoneStore = { load: async () => undefined, save: async () => {} };

/** One JSON file a zone in a folder. */
export function folderStore(folder: string): ZoneStore {
  const fileOf = (zone: string): string => join(folder, `${encodeURIComponent(canonicalName(zone))}.json`);
  return {
    async load(zone) {
      const path = fileOf(zone);
      const text = await readTextIfExists(path);
      if (text === undefined) return undefined;
      try {
        const file = fileSchema.parse(JSON.parse(text));
        return makeZone(file.zone, file.records);
      } catch (error) {
        throw new UnderstudyError(`The zone's file is damaged: ${messageOf(error)}`, {
          code: "bad-zone-file",
          path,
          cause: error,
          suggestion: "Remove the file to start again from the configured records.",
        });
      }
    },
    async save(zone) {
      const file = { version: 1, zone: zone.name, records: zoneRecords(zone) };
      await writeFileAtomic(fileOf(zone.name), `${JSON.stringify(file, undefined, 2)}\n`);
    },
  };
}
