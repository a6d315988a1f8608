import { randomUUID } from "node:crypto";
import { link, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { RefusedError } from "../base/errors.ts";
import { readRecord } from "./launch.ts";
import { isAlive, recordOf } from "./runtime/process-identity.ts";

/** Takes the lock, with its holder in it from the first moment; false when it is held. */
async function take(path: string): Promise<boolean> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(recordOf(process.pid)));
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Does work that only one process at a time may do; the lock of one that died is taken over. Throws `RefusedError`. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let attempt = 1; !(await take(path)); attempt++) {
    const holder = await readRecord(path);
    if (attempt > 2 || (holder !== undefined && (await isAlive(holder)))) {
      throw new RefusedError("Another process is starting or stopping these local platforms.", {
        code: "locked",
        rule: "one-at-a-time",
        path,
        suggestion: "Wait until it has ended, and try again.",
      });
    }
    await rm(path, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
