import { access, constants, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { UnderstudyError, UnsupportedError } from "../base/errors.ts";
import type { ProjectPlugin } from "./project.ts";

/** How a plugin is started: the engine's address comes after the arguments. */
export interface PluginCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** The plugin's folder; a stand-in has none. */
  readonly folder?: string;
}

/** What may serve a package whose plugin isn't installed; undefined for a package that nothing stands in for. */
export type StandIns = (name: string) => Promise<PluginCommand | undefined>;

/** A plugin that a resource asks for. */
export interface PluginRequest {
  /** The package, e.g. `kubernetes`. */
  readonly name: string;
  readonly version: string | undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function inProject(
  request: PluginRequest,
  plugins: readonly ProjectPlugin[],
): Promise<string | undefined> {
  const plugin = plugins.find(
    ({ name, version }) =>
      name === request.name &&
      (version === undefined || request.version === undefined || version === request.version),
  );
  if (plugin === undefined) return undefined;
  const path = join(plugin.folder, `pulumi-resource-${request.name}`);
  if (await isExecutable(path)) return path;
  if (await isReadable(join(plugin.folder, "PulumiPlugin.yaml"))) {
    throw new UnsupportedError(
      "The offline engine runs plugins that are executables, not PulumiPlugin.yaml.",
      {
        code: "plugin-unsupported",
        path: plugin.folder,
        suggestion: `Put an executable 'pulumi-resource-${request.name}' there that starts the plugin.`,
      },
    );
  }
  throw new UnderstudyError(`The folder of plugin '${request.name}' has no executable for it.`, {
    code: "no-plugin",
    path,
    suggestion: "Correct plugins.providers in Pulumi.yaml, or make the file executable.",
  });
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function onPath(request: PluginRequest, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const ignored = env.PULUMI_IGNORE_AMBIENT_PLUGINS ?? "";
  if (ignored !== "" && ignored !== "false" && ignored !== "0") return undefined;
  for (const folder of (env.PATH ?? "").split(delimiter)) {
    const path = join(folder, `pulumi-resource-${request.name}`);
    if (folder !== "" && (await isExecutable(path))) return path;
  }
  return undefined;
}

/** Compares versions number by number; a pre-release comes before its release. */
function compareVersions(left: string, right: string): number {
  const parts = (version: string): readonly string[] => version.split(/[.+-]/);
  const [a, b] = [parts(left), parts(right)];
  for (let index = 0; index < 3; index++) {
    const difference = Number(a[index] ?? 0) - Number(b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return Number(left.includes("-") ? -1 : 0) - Number(right.includes("-") ? -1 : 0);
}

async function installed(request: PluginRequest, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const folder = join(env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
  const prefix = `resource-${request.name}-v`;
  const names = await readdir(folder).catch((): readonly string[] => []);
  const versions = names
    .filter((name) => name.startsWith(prefix) && !name.endsWith(".lock") && !name.endsWith(".partial"))
    .map((name) => name.slice(prefix.length))
    .filter((version) => request.version === undefined || version === request.version)
    .sort(compareVersions);
  for (const version of versions.reverse()) {
    const path = join(folder, `${prefix}${version}`, `pulumi-resource-${request.name}`);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/**
 * How to start a plugin, in Pulumi's order: the project's own, one on PATH, then those that the CLI installed; a stand-in
 * is the last resort. Throws `no-plugin`.
 */
export async function findPlugin(
  request: PluginRequest,
  plugins: readonly ProjectPlugin[],
  env: NodeJS.ProcessEnv = process.env,
  standIns: StandIns = async () => undefined,
): Promise<PluginCommand> {
  const path =
    (await inProject(request, plugins)) ?? (await onPath(request, env)) ?? (await installed(request, env));
  if (path !== undefined) return { command: path, args: [], folder: dirname(path) };
  const standIn = await standIns(request.name);
  if (standIn !== undefined) return standIn;
  const version = request.version === undefined ? "" : ` ${request.version}`;
  throw new UnderstudyError(`There is no plugin for the package '${request.name}'${version}.`, {
    code: "no-plugin",
    path: request.name,
    suggestion: `Put 'pulumi-resource-${request.name}' on PATH, or name its folder under plugins.providers in Pulumi.yaml.`,
  });
}
