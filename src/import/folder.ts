import { readdir, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InputError, messageOf } from "../base/errors.ts";
import type { Problem } from "../base/problem.ts";
import { readAppJson } from "./app-json/app-json.ts";
import { readConvoxYml } from "./convox/convox-yml.ts";
import type { FileFindings } from "./findings.ts";
import { readHerokuYml } from "./heroku-yml.ts";
import { inheritedFile, type ManifestOptions, type NamedText, readManifest } from "./manifest/manifest.ts";
import { type Imported, mergeFiles } from "./merge.ts";
import { readProcfile } from "./procfile.ts";

/** What of a folder is read, where it leaves a choice. */
export interface ImportOptions {
  /** The Cloud Foundry manifest, relative to the folder. Default: manifest.yml, else that of production, else the only one. */
  readonly manifest?: string | undefined;
  /** Name of the application in the manifest that stands for the app. */
  readonly application?: string | undefined;
  /** Values of a manifest's `((variables))`. */
  readonly variables?: ReadonlyMap<string, string>;
}

/**
 * Reads what an app's folder already says of it.
 * @throws InputError with every file that can't be read, or when there is none.
 */
export async function importFolder(folder: string, options: ImportOptions = {}): Promise<Imported> {
  const names = await filesOf(folder);
  const problems: Problem[] = [];
  const read = async <T>(
    name: string | undefined,
    reader: (text: string, file: string) => T | Promise<T>,
  ): Promise<T | undefined> => {
    if (name === undefined) return undefined;
    try {
      return await reader(await textOf(join(folder, name), name), name);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const named = (name: string): string | undefined => (names.includes(name) ? name : undefined);
  const { chosen, others } =
    options.manifest === undefined
      ? await chooseManifest(folder, names)
      : { chosen: options.manifest, others: [] };
  const files = {
    herokuYml: await read(named("heroku.yml") ?? named("heroku.yaml"), readHerokuYml),
    appJson: await read(named("app.json"), readAppJson),
    manifest: await read(chosen, (text, file) => loadManifest(folder, text, file, options)),
    convoxYml: await read(named("convox.yml"), readConvoxYml),
    procfile: await read(named("Procfile"), readProcfile),
  };
  if (problems.length > 0) throw new InputError(problems);
  return mergeFiles(files, { folder: basename(resolve(folder)), place: folder, otherManifests: others });
}

async function filesOf(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code;
    const message =
      missing === "ENOENT"
        ? "There is no such folder."
        : missing === "ENOTDIR"
          ? "This is a file, not a folder."
          : `The folder can't be read: ${messageOf(error)}.`;
    throw new InputError(
      [
        {
          code: "no-folder",
          message,
          file: folder,
          suggestion: "Name the folder that the app's code is in.",
        },
      ],
      { cause: error },
    );
  }
}

/** Why the system would not open a file, by its error code. */
const openFaults: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  EISDIR: "This is a folder, not a file.",
  EACCES: "It may not be read by this user.",
};

async function textOf(path: string, name: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const message = openFaults[(error as NodeJS.ErrnoException).code ?? ""] ?? `${messageOf(error)}.`;
    const suggestion = "Check its name and its permissions.";
    throw new InputError([{ code: "unreadable", message, file: name, suggestion }], { cause: error });
  }
  // Windows editors write UTF-16; a decoder would see a text of replacement characters.
  if (bytes.includes(0)) {
    throw new InputError([
      {
        code: "not-text",
        message: "It is not a text in UTF-8.",
        file: name,
        suggestion: "Save it as UTF-8.",
      },
    ]);
  }
  return new TextDecoder().decode(bytes);
}

const manifestFile = /^manifest.*\.ya?ml$/i;

/** The order in which manifests are looked at: the platform's own choice, then that of production, a base last. */
const ranks: readonly RegExp[] = [/(^|\/)manifest\.yml$/i, /(^|\/)manifest\.yaml$/i, /prod/i, /^(?!.*base)/i];

function rankOf(name: string): number {
  const rank = ranks.findIndex((pattern) => pattern.test(name));
  return rank === -1 ? ranks.length : rank;
}

/** The first manifest that describes applications; if none does, the first, for its reader to say so. */
async function chooseManifest(
  folder: string,
  names: readonly string[],
): Promise<{ chosen: string | undefined; others: readonly string[] }> {
  let found = names.filter((name) => manifestFile.test(name));
  if (found.length === 0) {
    const below = await readdir(join(folder, "manifests")).catch(() => [] as string[]);
    found = below
      .filter((name) => manifestFile.test(name))
      .sort()
      .map((name) => `manifests/${name}`);
  }
  const ranked = found.toSorted((a, b) => rankOf(a) - rankOf(b));
  let [chosen] = ranked;
  if (ranked.length > 1) {
    const described = await Promise.all(ranked.map((name) => describesApplications(folder, name)));
    chosen = ranked[described.indexOf(true)] ?? chosen;
  }
  return { chosen, others: found.filter((name) => name !== chosen) };
}

/** What can't be read is taken for a manifest too: its fault is to be told. An empty one is none. */
async function describesApplications(folder: string, name: string): Promise<boolean> {
  try {
    const { foreign } = await loadManifest(folder, await textOf(join(folder, name), name), name, {});
    return foreign === undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.code !== "empty-file";
  }
}

async function loadManifest(
  folder: string,
  text: string,
  file: string,
  { application, variables }: ImportOptions,
): Promise<FileFindings> {
  const settings: ManifestOptions = { application, ...(variables === undefined ? {} : { variables }) };
  const parents: NamedText[] = [];
  for (let child: NamedText = { text, file }; ; ) {
    const inherited = inheritedFile(child);
    if (inherited === undefined) break;
    const parent = join(child.file, "..", inherited);
    // A parent that is not there is noted by the reader; what the child says is still worth having.
    const parentText = await textOf(join(folder, parent), parent).catch((error: unknown) => {
      if (error instanceof InputError && error.code === "unreadable") return undefined;
      throw error;
    });
    if (parentText === undefined || [file, ...parents.map((known) => known.file)].includes(parent)) break;
    child = { file: parent, text: parentText };
    parents.push(child);
  }
  return readManifest(text, file, { ...settings, parents });
}
