import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseDocument } from "yaml";
import { z } from "zod";
import { InputError, NotFoundError, UnsupportedError } from "../base/errors.ts";
import { readTextIfExists } from "../base/file.ts";

const runtimeOptions = z.record(z.string(), z.unknown());

/** What the engine reads of Pulumi.yaml; other keys are left alone. */
const projectSchema = z.looseObject({
  name: z.string().min(1),
  runtime: z.union([z.string(), z.looseObject({ name: z.string(), options: runtimeOptions.optional() })]),
  main: z.string().optional(),
  config: z.union([z.record(z.string(), z.unknown()), z.string()]).optional(),
  stackConfigDir: z.string().optional(),
  backend: z.looseObject({ url: z.string().optional() }).optional(),
  plugins: z
    .looseObject({
      providers: z
        .array(z.looseObject({ name: z.string(), path: z.string(), version: z.string().optional() }))
        .optional(),
    })
    .optional(),
});

/** A plugin that the project itself brings. */
export interface ProjectPlugin {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly version: string | undefined;
}

/** A Pulumi project, as its Pulumi.yaml describes it. */
export interface Project {
  readonly name: string;
  /** The folder of Pulumi.yaml. */
  readonly root: string;
  /** The folder that the program runs in, and its entry point relative to it (`.` = by package.json). */
  readonly programFolder: string;
  readonly entryPoint: string;
  readonly runtimeOptions: Readonly<Record<string, unknown>>;
  /** The project-level `config`, as written. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly plugins: readonly ProjectPlugin[];
  /** Folder of `backend.url` when that is a file URL. */
  readonly backendFolder: string | undefined;
  readonly stackConfigFolder: string;
}

/** The folder of a `file://` URL; `~` is the home folder and relative paths start at `base`, as for Pulumi. */
export function folderOfFileUrl(url: string, base: string): string | undefined {
  if (!url.startsWith("file://")) return undefined;
  const rest = url.slice("file://".length);
  if (rest === "~" || rest.startsWith("~/")) return join(process.env.HOME ?? base, rest.slice(1));
  return rest.startsWith("/") ? fileURLToPath(url) : resolve(base, rest);
}

async function programOf(root: string, main: string | undefined): Promise<readonly [string, string]> {
  if (main === undefined || main === "") return [root, "."];
  const path = isAbsolute(main) ? main : join(root, main);
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) {
    throw new NotFoundError("The program that `main` names isn't there.", {
      code: "no-program",
      path,
      suggestion: "Correct `main` in Pulumi.yaml.",
    });
  }
  return info.isDirectory() ? [path, "."] : [dirname(path), path.slice(dirname(path).length + 1)];
}

/** Reads Pulumi.yaml in a folder. Throws `no-project`, `bad-project`, or `runtime-unsupported` for other languages. */
export async function readProject(folder: string): Promise<Project> {
  const root = resolve(folder);
  const file = join(root, "Pulumi.yaml");
  const text = await readTextIfExists(file);
  if (text === undefined) {
    throw new InputError([
      {
        code: "no-project",
        message: "There is no Pulumi.yaml here.",
        path: root,
        suggestion: "Run this in a project's folder, or name it with --cwd. `understudy init` makes one.",
      },
    ]);
  }
  const document = parseDocument(text);
  const [fault] = document.errors;
  if (fault !== undefined) {
    throw new InputError([
      {
        code: "bad-project",
        message: fault.message.split("\n")[0] ?? "not YAML",
        file,
        line: fault.linePos?.[0].line ?? 1,
      },
    ]);
  }
  const parsed = projectSchema.safeParse(document.toJS());
  if (!parsed.success) {
    throw new InputError(
      parsed.error.issues.map((issue) => ({
        code: "bad-project",
        message: issue.message,
        path: issue.path.join("."),
        file,
      })),
    );
  }
  const { data } = parsed;
  const runtime = typeof data.runtime === "string" ? { name: data.runtime } : data.runtime;
  if (runtime.name !== "nodejs") {
    throw new UnsupportedError(`The offline engine runs Node.js programs only, not '${runtime.name}'.`, {
      code: "runtime-unsupported",
      path: file,
      suggestion: "Use the Pulumi CLI for this project: --engine pulumi.",
    });
  }
  const [programFolder, entryPoint] = await programOf(root, data.main);
  const configFolder = data.stackConfigDir ?? (typeof data.config === "string" ? data.config : ".");
  return {
    name: data.name,
    root,
    programFolder,
    entryPoint,
    runtimeOptions: ("options" in runtime ? runtime.options : undefined) ?? {},
    config: typeof data.config === "object" ? data.config : {},
    plugins: (data.plugins?.providers ?? []).map((plugin) => ({
      name: plugin.name,
      folder: resolve(root, plugin.path),
      version: plugin.version,
    })),
    backendFolder: data.backend?.url === undefined ? undefined : folderOfFileUrl(data.backend.url, root),
    stackConfigFolder: resolve(root, configFolder),
  };
}
