import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { basename, dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { parseApp } from "../../app/parse.ts";
import type { App } from "../../app/schema.ts";
import { stringifyApp } from "../../app/stringify.ts";
import { UnderstudyError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { Stack } from "../../engine/stack.ts";
import { importFolder } from "../../import/folder.ts";
import type { LocalInfo } from "../../local/info.ts";
import type { MirrorPlace, Setting } from "./mirror.ts";
import type { OwnCommand } from "./own-command.ts";

/** The folder of an installed package, this one's own included. */
function packageFolder(specifier: string): string {
  const file = findPackageJSON(specifier, import.meta.url);
  if (file !== undefined) return dirname(file);
  throw new UnderstudyError(`The package of '${specifier}' is not installed.`, {
    code: "package-missing",
    suggestion: "Install this package anew: npm install understudy",
  });
}

/** Also where only `dist` of it is run. */
const root = packageFolder(import.meta.url);

/** An app to bring on stage, and what its own files don't say. */
export interface Play {
  /** Its folder; the last part of the path is the first label of its name. */
  readonly source: string;
  /** Fields of the description besides those that are imported. */
  readonly additions: JsonObject;
  /** How long users may keep the address, seconds. */
  readonly ttlSeconds: number;
}

/** The demo's own: when its job runs, what was promised. */
export const guestbook: Play = {
  source: join(root, "examples", "guestbook"),
  additions: {
    schedule: { digest: { command: "node digest.js", cron: "0 6 * * *" } },
    objectives: { rtoSeconds: 20, rpoSeconds: 5 },
  },
  ttlSeconds: 5,
};

export interface ProjectOptions {
  readonly play: Play;
  /** Made, and filled. */
  readonly folder: string;
  /** Under which users find the app. */
  readonly name: string;
  readonly local: LocalInfo;
  readonly mirror: MirrorPlace;
  readonly passphrase: string;
  readonly understudy: OwnCommand;
}

/** The app in a folder of its own, imported, with the settings of its three stacks. */
export async function makeProject(options: ProjectOptions): Promise<void> {
  const { play, folder, name, local, mirror, understudy } = options;
  await cp(play.source, folder, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  await installPackages(folder);
  const { app } = await importFolder(folder);
  const description = parseApp({ ...app, domains: [name], ...play.additions });
  await writeFile(join(folder, "understudy.yaml"), stringifyApp(description));
  const { server, zone } = local.dns;
  await understudy.run(["init", folder, "--mirror", mirror.platform, "--zone", zone, "--server", server]);
  await setTtl(join(folder, "Pulumi.yaml"), play.ttlSeconds);
  await setConnections(options, description);
}

/** What `npm install understudy` would do, without the network: this package and the one its programs run with. */
async function installPackages(folder: string): Promise<void> {
  // Beside the app, not in it: these are no part of what is deployed.
  const packages = join(folder, "..", "node_modules");
  await mkdir(join(packages, "@pulumi"), { recursive: true });
  await symlink(root, join(packages, "understudy"));
  await symlink(packageFolder("@pulumi/pulumi"), join(packages, "@pulumi", "pulumi"));
}

/** Where the two sites stand and how they are reached; whatever gives access is encrypted. */
async function setConnections(options: ProjectOptions, app: App): Promise<void> {
  const { heroku, dns } = options.local;
  await setConfig(options, "primary", [
    ["settings", { entrance: heroku.router }],
    ["connection", { url: heroku.url, dataUrl: heroku.url }],
    ["connection.token", { secret: heroku.token }],
  ]);
  await setConfig(options, "mirror", options.mirror.settings(options.local, app));
  await setConfig(options, "edge", [
    ["trafficKey", { name: dns.key.name, algorithm: dns.key.algorithm }],
    ["trafficKey.secret", { secret: dns.key.secret }],
  ]);
}

async function setConfig(
  { folder, passphrase }: ProjectOptions,
  name: string,
  settings: readonly Setting[],
): Promise<void> {
  const stack = await Stack.open({ projectDir: folder, stack: name, passphrase });
  const crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  for (const [path, value] of settings) {
    const [key = "", ...fields] = path.split(".");
    const isSecret = fields.length > 0 && typeof value.secret === "string";
    const written = isSecret ? { secure: crypter.encrypt(String(value.secret)) } : value;
    stack.config.set(`understudy:${key}`, written, fields);
  }
  await stack.config.save();
}

async function setTtl(path: string, ttlSeconds: number): Promise<void> {
  const document = parseDocument(await readFile(path, "utf8"));
  document.setIn(["config", "understudy:traffic", "value", "ttlSeconds"], ttlSeconds);
  await writeFile(path, document.toString());
}
