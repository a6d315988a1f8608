import { changeFaults } from "./admin.ts";
import { readLocalInfo } from "./control.ts";
import type { LocalInfo } from "./info.ts";
import { runningProcess } from "./launch.ts";
import { layout, type PartName, partNames } from "./layout.ts";
import { readProviderConfig } from "./provider-config.ts";
import type { FaultState } from "./runtime/contract.ts";

export interface PartStatus {
  readonly part: PartName;
  readonly isRunning: boolean;
  readonly pid: number | undefined;
  /** Of a provider that runs. */
  readonly faults: FaultState | undefined;
}

export interface LocalStatus {
  readonly info: LocalInfo;
  readonly parts: readonly PartStatus[];
}

async function statusOf(folder: string, part: PartName): Promise<PartStatus> {
  const pid = (await runningProcess(folder, part))?.pid;
  const isRunning = pid !== undefined;
  if (!isRunning || part === "dns") return { part, isRunning, pid, faults: undefined };
  const { admin } = await readProviderConfig(layout.config(folder, part));
  return { part, isRunning, pid, faults: await changeFaults(admin).catch(() => undefined) };
}

/** What runs of the local platforms of a folder. Throws `not-up` when none were started there. */
export async function localStatus(path: string): Promise<LocalStatus> {
  const info = await readLocalInfo(path);
  return { info, parts: await Promise.all(partNames.map((part) => statusOf(info.folder, part))) };
}
