import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this package's programs and plugin are: its sources in a checkout, `dist` where it is installed. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a project in a folder refers to the package: by its name where Node finds it from there, else by a relative path. */
export function packageFrom(folder: string): { readonly programs: string; readonly plugin: string } {
  const plugin = relative(folder, join(root, "providers"));
  try {
    createRequire(join(folder, "stacks", "index.mjs")).resolve("understudy/stacks");
    return { programs: "understudy/stacks", plugin };
  } catch {
    const file = existsSync(join(root, "stacks", "index.ts")) ? "index.ts" : "index.js";
    return { programs: relative(join(folder, "stacks"), join(root, "stacks", file)), plugin };
  }
}
