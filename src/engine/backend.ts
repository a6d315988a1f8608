import { copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError, UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";

/** The layout that the CLI calls version 1: stacks by project (pkg/backend/diy/meta.go). */
const layoutVersion = 1;

/** A file backend has no organizations; Pulumi says this word where one is asked for. */
const organization = "organization";

/** One stack of one project. */
export interface StackName {
  readonly project: string;
  readonly stack: string;
}

/** Throws `bad-stack-name` for what Pulumi would not take (and what could leave the folder). */
export function checkStackName(stack: string): string {
  if (/^[A-Za-z0-9_.-]{1,100}$/.test(stack) && !/^\.+$/.test(stack)) return stack;
  throw new InputError([
    {
      code: "bad-stack-name",
      message: `'${stack}' is no stack name.`,
      suggestion: "Use 1 to 100 letters, digits, '-', '_' and '.', e.g. primary.",
    },
  ]);
}

/** Files of stacks in one folder, laid out as by `pulumi login file://FOLDER`. */
export class Backend {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  #path(...parts: readonly string[]): string {
    return join(this.folder, ".pulumi", ...parts);
  }

  statePath({ project, stack }: StackName): string {
    return this.#path("stacks", project, `${stack}.json`);
  }

  /** Changes that are not in the state file yet. */
  journalPath(name: StackName): string {
    return `${this.statePath(name)}.journal`;
  }

  backupPath(name: StackName): string {
    return `${this.statePath(name)}.bak`;
  }

  lockFolder({ project, stack }: StackName): string {
    return this.#path("locks", organization, project, stack);
  }

  qualified({ project, stack }: StackName): string {
    return `${organization}/${project}/${stack}`;
  }

  /** Makes the folder and the file that tells its layout. Throws `backend-layout` for a layout not known here. */
  async prepare(): Promise<void> {
    const file = this.#path("meta.yaml");
    const text = await readTextIfExists(file);
    if (text === undefined) {
      const flat = (await this.#entries("stacks")).some((name) => /\.json(\.gz|\.zst)?$/.test(name));
      if (flat) throw this.#layoutError("without projects (version 0)");
      await mkdir(this.#path("stacks"), { recursive: true });
      await writeFileAtomic(file, `version: ${layoutVersion}\n`);
      return;
    }
    const version = /^version:\s*(\d+)\s*$/m.exec(text)?.[1];
    if (version !== String(layoutVersion)) throw this.#layoutError(`of version ${version ?? "unknown"}`);
  }

  #layoutError(what: string): UnderstudyError {
    return new UnderstudyError(
      `The state folder has a layout ${what}; this engine knows version ${layoutVersion}.`,
      {
        code: "backend-layout",
        path: this.folder,
        suggestion: "Run `pulumi state upgrade` there, or name another folder.",
      },
    );
  }

  async #entries(...parts: readonly string[]): Promise<readonly string[]> {
    try {
      return await readdir(this.#path(...parts));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  /** The state file's text, or undefined for a stack that has none. */
  async read(name: StackName): Promise<string | undefined> {
    const text = await readTextIfExists(this.statePath(name));
    if (text !== undefined) return text;
    const compressed = (await this.#entries("stacks", name.project)).find(
      (file) => file === `${name.stack}.json.gz` || file === `${name.stack}.json.zst`,
    );
    if (compressed === undefined) return undefined;
    throw new UnderstudyError("The state file is compressed, which the offline engine can't read.", {
      code: "state-compressed",
      path: this.#path("stacks", name.project, compressed),
      suggestion:
        "Unset PULUMI_DIY_BACKEND_GZIP and run the Pulumi CLI once, or export and import the stack.",
    });
  }

  /** Replaces the state file whole, and keeps the one before it as backup. */
  async write(name: StackName, text: string): Promise<void> {
    const path = this.statePath(name);
    await copyFile(path, this.backupPath(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await writeFileAtomic(path, text, { mode: 0o600 });
  }

  /** The names of a project's stacks, sorted. */
  async stacks(project: string): Promise<readonly string[]> {
    const files = await this.#entries("stacks", project);
    return files.flatMap((file) => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : [])).sort();
  }

  async remove(name: StackName): Promise<void> {
    for (const path of [this.statePath(name), this.backupPath(name), this.journalPath(name)]) {
      await rm(path, { force: true });
    }
  }
}
