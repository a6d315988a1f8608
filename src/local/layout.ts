import { join } from "node:path";

export type ProviderName = "heroku" | "cloudfoundry";
export type PartName = ProviderName | "dns";

export const providerNames: readonly ProviderName[] = ["heroku", "cloudfoundry"];
export const partNames: readonly PartName[] = [...providerNames, "dns"];

/** Where the local platforms keep what they keep, all of it under one folder. */
export const layout = {
  /** Its presence says that the folder is ours, to be removed by `down`. */
  marker: (folder: string): string => join(folder, "understudy-local.json"),
  /** {@link LocalInfo}. */
  info: (folder: string): string => join(folder, "info.json"),
  lock: (folder: string): string => join(folder, "up.lock"),
  part: (folder: string, part: PartName): string => join(folder, part),
  config: (folder: string, part: PartName): string => join(folder, part, "config.json"),
  /** Which process it is, as {@link ProcessRecord}. */
  process: (folder: string, part: PartName): string => join(folder, part, "process.json"),
  /** What the process wrote to its standard error. */
  log: (folder: string, part: PartName): string => join(folder, part, "process.log"),
  runtime: (folder: string, provider: ProviderName): string => join(folder, provider, "runtime"),
} as const;
