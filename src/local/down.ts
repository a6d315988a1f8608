import { rm, rmdir } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { readTextIfExists } from "../base/file.ts";
import { killPart } from "./control.ts";
import { hasEnded, runningProcess } from "./launch.ts";
import { layout, type PartName, partNames, providerNames } from "./layout.ts";
import { withLock } from "./lock.ts";
import { removePostgresFiles } from "./runtime/postgres-files.ts";
import { signalOne } from "./runtime/process-identity.ts";

/** Apps get this long to end by themselves; what they would keep is removed anyway. */
const graceMs = 10_000;

async function stopPart(folder: string, part: PartName): Promise<void> {
  const record = await runningProcess(folder, part);
  if (record !== undefined) {
    signalOne(record.pid, "SIGTERM");
    await hasEnded(record, graceMs);
  }
  // Also what a provider that was killed before has left.
  await killPart(folder, part);
}

/** Ends every part of a folder that is ours, and removes the folder. */
export async function stopParts(folder: string): Promise<void> {
  await Promise.all(partNames.map((part) => stopPart(folder, part)));
  for (const name of providerNames) await removePostgresFiles(layout.runtime(folder, name));
  await rm(folder, { recursive: true, force: true });
  // Our own folder for such things, if this was all it held.
  if (basename(dirname(folder)) === ".understudy") await rmdir(dirname(folder)).catch(() => {});
}

/** Ends the local platforms of a folder and removes all they kept; gives whether there were any. */
export async function stopLocal(path: string): Promise<boolean> {
  const folder = resolve(path);
  if ((await readTextIfExists(layout.marker(folder))) === undefined) return false;
  await withLock(layout.lock(folder), () => stopParts(folder));
  return true;
}
