import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { PluginCommand } from "../engine/plugin-path.ts";
import { loadPlatform, platformNames } from "../platform/registry.ts";

/** The program that serves a platform's package, from the sources in a checkout, from what was built in a package. */
const program = fileURLToPath(
  new URL(`../../providers/package-main${extname(import.meta.url)}`, import.meta.url),
);

/** What stands in for the plugin of a package that a platform's resources need; undefined when none needs it. */
export async function standIn(packageName: string): Promise<PluginCommand | undefined> {
  for (const platform of platformNames) {
    const { package: needed } = await loadPlatform(platform);
    if (needed?.name === packageName) return { command: process.execPath, args: [program, platform] };
  }
  return undefined;
}
