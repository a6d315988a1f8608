import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RefusedError } from "../base/errors.ts";
import { readTextIfExists } from "../base/file.ts";
import { isAlive, type ProcessRecord, recordOf } from "./runtime/process-identity.ts";

async function holderOf(path: string): Promise<ProcessRecord | undefined> {
  const text = await readTextIfExists(path);
  if (text === undefined || text === "") return undefined;
  const { pid, ticks, startedAt } = JSON.parse(text) as ProcessRecord;
  return { pid, ticks, startedAt };
}

/** Does work that only one process at a time may do; the lock of one that died is taken over. Throws `RefusedError`. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(path, JSON.stringify(recordOf(process.pid)), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = await holderOf(path);
    if (attempt > 1 || (holder !== undefined && (await isAlive(holder)))) {
      throw new RefusedError(
        `Process ${holder?.pid ?? "unknown"} is starting or stopping these local platforms.`,
        {
          code: "locked",
          rule: "one-at-a-time",
          path,
          suggestion: "Wait until it has ended, and try again.",
        },
      );
    }
    await rm(path, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
