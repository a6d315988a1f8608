import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../src/base/errors.ts";
import { readTextIfExists } from "../../../src/base/file.ts";
import { type RunResult, run } from "../../../src/base/run.ts";
import type { ServedHeroku } from "./serve.ts";

/** The major version whose requests the local Heroku is made for. */
const version = "11";

/** The real command line, or why it can't be had. */
export type InstalledCli = { readonly path: string } | { readonly missing: string };

/** Installs npm's `heroku` once, outside the repository; later calls find it there. */
export async function installCli(): Promise<InstalledCli> {
  const folder = join(process.env.XDG_CACHE_HOME ?? tmpdir(), "understudy-heroku-cli");
  const path = join(folder, "node_modules", "heroku", "bin", "run.js");
  const manifest = join(folder, "node_modules", "heroku", "package.json");
  const isThere = async (): Promise<boolean> => {
    const text = await readTextIfExists(manifest);
    return text !== undefined && String(JSON.parse(text).version).startsWith(`${version}.`);
  };
  if (await isThere()) return { path };
  await mkdir(join(folder, ".."), { recursive: true });
  const made = await mkdtemp(`${folder}-`);
  try {
    await run("npm", ["install", "--prefix", made, "--no-audit", "--no-fund", `heroku@${version}`]);
    // Another run may have put it there meanwhile: that one is as good, and may be in use.
    if (await isThere()) return { path };
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
    return { path };
  } catch (error) {
    return { missing: `npm can't install heroku@${version}: ${messageOf(error)}` };
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

/** A command of the real command line against a local Heroku, with a home of its own. */
export type HerokuCli = (...args: readonly string[]) => Promise<RunResult>;

export function cliOf(path: string, home: string, { url, token }: ServedHeroku): HerokuCli {
  const env = {
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    HEROKU_HOST: url,
    HEROKU_DATA_HOST: new URL(url).hostname,
    HEROKU_PARTICLEBOARD_URL: url,
    HEROKU_API_KEY: token,
    DISABLE_TELEMETRY: "true",
    HEROKU_SKIP_NEW_VERSION_CHECK: "true",
    CI: "true",
    // With the test runner's own value the command line looks for its TypeScript sources.
    NODE_ENV: "production",
    NO_COLOR: "1",
  };
  return (...args) => run(process.execPath, [path, ...args], { env });
}
