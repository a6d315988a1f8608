import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { UnderstudyError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import { sortKeys } from "../../base/json.ts";
import { redactUrls } from "../../base/redact.ts";
import { unpack } from "./archive.ts";
import { type BuildStep, planBuild } from "./buildpack.ts";
import type { Children } from "./children.ts";
import type { Builder, Env, Slug } from "./contract.ts";
import { buildEnv } from "./environment.ts";
import { readLines } from "./lines.ts";

const slugSchema = z.object({
  id: z.string(),
  processTypes: z.record(z.string(), z.string()),
  buildpack: z.string(),
  sizeBytes: z.number(),
});

/** Lines of a failed build's log that its error carries. */
const shownLines = 20;

function hash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async (entry) => (await lstat(join(entry.parentPath, entry.name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Puts a finished slug in its place; one that another build put there meanwhile is as good, and stays. */
async function publish(made: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  try {
    await rename(made, target);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

interface BuildOptions {
  readonly env: Env;
  readonly onOutput: (line: string) => void;
}

/** Slugs live in `<folder>/slugs/<id>`: the app, and `slug.json` with the rest. The id is the archive's hash. */
export function createBuilder(folder: string, children: Children): Builder {
  const slugs = join(folder, "slugs");
  const running = new Map<string, Promise<Slug>>();

  async function get(id: string): Promise<Slug | undefined> {
    if (!/^[0-9a-f-]+$/.test(id)) return undefined;
    const text = await readTextIfExists(join(slugs, id, "slug.json"));
    if (text === undefined) return undefined;
    return { ...slugSchema.parse(JSON.parse(text)), folder: join(slugs, id, "app") };
  }

  async function runStep(step: BuildStep, cwd: string, options: BuildOptions): Promise<void> {
    const shown = [step.command, ...step.args].join(" ");
    options.onOutput(`$ ${shown}`);
    const child = children.spawn({ ...step, cwd, env: buildEnv(options.env) });
    const end: string[] = [];
    const take = (line: string): void => {
      options.onOutput(line);
      end.push(line);
      if (end.length > shownLines) end.shift();
    };
    const readings = [child.stdout, child.stderr].map((stream) => stream && readLines(stream, take));
    const exit = await child.exited;
    await Promise.all(readings);
    if (exit.exitCode === 0) return;
    const how =
      exit.error?.message ??
      (exit.exitCode === null ? `ended by ${exit.signal}` : `exit code ${exit.exitCode}`);
    throw new UnderstudyError(
      redactUrls(`The build failed at '${shown}': ${how}. Its log ends with:\n${end.join("\n")}`),
      { code: "build-failed", suggestion: "Mend what the log's end names, and send the source again." },
    );
  }

  async function make(archive: Uint8Array, id: string, options: BuildOptions): Promise<Slug> {
    const work = join(folder, "builds", randomUUID());
    const [unpacked, made] = [join(work, "source"), join(work, "slug")];
    await mkdir(unpacked, { recursive: true });
    await mkdir(made);
    try {
      const source = await unpack(archive, unpacked);
      const plan = await planBuild(source);
      options.onOutput(plan.reason);
      for (const step of plan.steps) await runStep(step, source, options);
      const slug = {
        id: plan.readsEnv ? idWithEnv(id, options.env) : id,
        processTypes: plan.processTypes,
        buildpack: plan.buildpack,
        sizeBytes: await sizeOf(source),
      };
      await rename(source, join(made, "app"));
      await writeFileAtomic(join(made, "slug.json"), JSON.stringify(slug));
      await publish(made, join(slugs, slug.id));
      return { ...slug, folder: join(slugs, slug.id, "app") };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  const idWithEnv = (id: string, env: Env): string =>
    `${id}-${hash(JSON.stringify(sortKeys(env))).slice(0, 16)}`;

  return {
    get,
    build: async (archive, options) => {
      const id = hash(archive);
      const made = (await get(id)) ?? (await get(idWithEnv(id, options.env)));
      if (made !== undefined) {
        options.onOutput("Built before from the same source: that is used again");
        return made;
      }
      const key = idWithEnv(id, options.env);
      const work = running.get(key) ?? make(archive, id, options).finally(() => running.delete(key));
      running.set(key, work);
      return await work;
    },
    remove: async (id) => {
      const slug = await get(id);
      if (slug !== undefined) await rm(join(slugs, id), { recursive: true, force: true });
    },
  };
}
