import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { loadApp } from "../../app/load.ts";
import { parseApp } from "../../app/parse.ts";
import type { App } from "../../app/schema.ts";
import { stringifyApp } from "../../app/stringify.ts";
import { InputError, UnderstudyError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/file.ts";
import { importFolder } from "../../import/folder.ts";
import { loadPlatform, platformNames } from "../../platform/registry.ts";
import { makeSecrets } from "../generated-secrets.ts";
import { packageFrom } from "../package-root.ts";
import { accessCommands, projectFiles } from "../project-files.ts";
import { terminal } from "../terminal.ts";

interface Options {
  readonly primary: string;
  readonly mirror: string;
  readonly domain?: readonly string[];
  readonly zone?: string;
  readonly server?: readonly string[];
  readonly force?: boolean;
}

const description = "understudy.yaml";

/** Turns an app's folder into a project: its description and the few files that its stacks need. */
export function initCommand(): Command {
  return new Command("init")
    .description("import the app of a folder and write the few files that its two sites need")
    .argument("[dir]", "the app's folder", ".")
    .option("--primary <platform>", `where it runs today: ${platformNames.join(", ")}`, "heroku")
    .option("--mirror <platform>", "where its understudy stands", "cloudfoundry")
    .option("--domain <name...>", "host names that lead users to the app, besides those that its files name")
    .option("--zone <zone>", "the DNS zone of its domain, e.g. example.com")
    .option("--server <address...>", "the zone's authoritative servers, as ADDRESS:PORT")
    .option("--force", "overwrite files that are there")
    .addHelpText(
      "after",
      `
Examples:
  $ cd shop && understudy init
  $ understudy init shop --mirror cloudfoundry --domain www.example.com --zone example.com --server 192.0.2.53:53`,
    )
    .action(async (dir: string, options: Options) => {
      await initialise(resolve(dir), options);
    });
}

async function initialise(folder: string, options: Options): Promise<void> {
  const [primary, mirror] = await Promise.all([loadPlatform(options.primary), loadPlatform(options.mirror)]);
  const app = await appOf(folder, options);
  const { zone, server: servers } = options;
  const files = projectFiles({
    app,
    primary,
    mirror,
    ...(zone === undefined ? {} : { zone }),
    ...(servers === undefined ? {} : { servers }),
    ...packageFrom(folder),
  });
  const there = Object.keys(files).filter((path) => existsSync(join(folder, path)));
  if (there.length > 0 && options.force !== true) {
    throw new InputError(
      there.map((path) => ({
        code: "file-exists",
        file: join(folder, path),
        message: "The file is there already.",
        suggestion: "Move it away, or overwrite it with --force.",
      })),
    );
  }
  for (const [path, text] of Object.entries(files)) {
    await writeFileAtomic(join(folder, path), text);
    terminal.progress(`wrote ${path}`);
  }
  await generate(folder, app);
  const access = [...accessCommands("primary", primary), ...accessCommands("mirror", mirror)]
    .map((command) => `       ${command}`)
    .join("\n");
  terminal.print(`
Next:
  1. Read ${description}, and see what each platform makes of it:  understudy check
  2. Say how each site is reached (each asks for the value, or takes it from a file: < FILE):
${access}
  3. Stand them up:  understudy up primary && understudy up mirror && understudy up edge
  4. Seal the kit:  understudy kit -o understudy.kit`);
}

/** The description that is there, else one made from the app's own files. */
async function appOf(folder: string, { force, domain }: Options): Promise<App> {
  const path = join(folder, description);
  if (existsSync(path) && force !== true) return await loadApp(path);
  const { app: imported, notes, comments } = await importFolder(folder);
  const app = parseApp({ ...imported, domains: [...new Set([...imported.domains, ...(domain ?? [])])] });
  await writeFileAtomic(path, stringifyApp(app, comments));
  terminal.progress(`wrote ${description}`);
  for (const note of notes)
    terminal.progress(`  ${terminal.style("yellow", "note:", process.stderr)} ${note.message}`);
  return app;
}

/** Without a passphrase nothing can be kept secret; the files are of use all the same. */
async function generate(folder: string, app: App): Promise<void> {
  try {
    const made = await makeSecrets(folder, ["primary", "mirror"], app);
    if (made.length > 0) terminal.progress(`made ${made.join(", ")}, the same for both sites`);
  } catch (error) {
    if (!(error instanceof UnderstudyError) || error.code !== "no-passphrase") throw error;
    const text = `generated secrets are still to be made: ${error.suggestion ?? error.message} Then run init again with --force.`;
    terminal.progress(terminal.style("yellow", text, process.stderr));
  }
}
