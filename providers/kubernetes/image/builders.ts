import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { BuildTask, RunStep } from "./task.ts";

/** A way to make an image of a source and to push it. */
export interface Builder {
  readonly name: string;
  readonly builds: "dockerfile" | "buildpacks";
  /** Arguments by which the tool says whether it can work at all, e.g. whether its daemon answers. */
  readonly check: readonly string[];
  /** Builds and pushes; gives the digest that the registry knows it by. */
  build(task: BuildTask, run: RunStep): Promise<string>;
}

/** Buildpacks for the languages that Heroku has. */
const usualBuilder = "heroku/builder:24";

function noDigest(tool: string, where: string): UnderstudyError {
  return new UnderstudyError(`${tool} told no digest of what it pushed: ${where}.`, { code: "no-digest" });
}

async function digestIn(path: string, pattern: RegExp, tool: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  const digest = pattern.exec(text)?.[1];
  if (digest === undefined)
    throw noDigest(tool, text === "" ? `${path} isn't there` : `it wrote ${text.trim()}`);
  return digest;
}

const bare = /^\s*(sha256:[0-9a-f]{64})\s*$/;

function dockerfileArgs({ reference, source, dockerfile, context, args }: BuildTask): readonly string[] {
  const file = resolve(source, dockerfile ?? "Dockerfile");
  // They are part of the app's description, where secrets have no place.
  const given = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
  return [
    "--tag",
    reference,
    "--file",
    file,
    ...given,
    context === null ? dirname(file) : resolve(source, context),
  ];
}

/** podman and buildah write the digest of a push into a file. */
function pushedByFile(name: "podman" | "buildah"): Builder {
  return {
    name,
    builds: "dockerfile",
    check: ["info"],
    async build(task, run) {
      await run(name, ["build", ...dockerfileArgs(task)]);
      const file = join(task.scratch, "digest");
      await run(name, ["push", "--digestfile", file, task.reference]);
      return await digestIn(file, bare, name);
    },
  };
}

const docker: Builder = {
  name: "docker",
  builds: "dockerfile",
  check: ["info"],
  async build(task, run) {
    await run("docker", ["build", ...dockerfileArgs(task)]);
    await run("docker", ["push", task.reference]);
    const seen = await run("docker", [
      "image",
      "inspect",
      "--format",
      "{{json .RepoDigests}}",
      task.reference,
    ]);
    const digests = JSON.parse(seen) as readonly string[] | null;
    // An image that was pushed to several registries has a digest for each.
    const own = digests?.find((digest) => digest.startsWith(`${task.repository}@`));
    if (own === undefined) throw noDigest("docker", `the image has ${seen.trim()}`);
    return own.slice(task.repository.length + 1);
  },
};

const pack: Builder = {
  name: "pack",
  builds: "buildpacks",
  check: ["version"],
  async build(task, run) {
    const { reference, source, scratch, buildpacks, args, cnbBuilder } = task;
    await run("pack", [
      "build",
      reference,
      "--path",
      source,
      "--builder",
      cnbBuilder ?? usualBuilder,
      "--trust-builder",
      "--publish",
      "--report-output-dir",
      scratch,
      ...buildpacks.flatMap((buildpack) => ["--buildpack", buildpack]),
      ...Object.entries(args).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
    ]);
    return await digestIn(join(scratch, "report.toml"), /^\s*digest\s*=\s*"(sha256:[0-9a-f]{64})"/m, "pack");
  },
};

/** Any command, told by its environment what to build and where to push it. */
export const commandBuilder = {
  name: "command",
  async build(task: BuildTask, run: RunStep): Promise<string> {
    const [command = "", ...args] = task.command ?? [];
    const file = join(task.scratch, "digest");
    await run(command, args, {
      UNDERSTUDY_SOURCE: task.source,
      UNDERSTUDY_IMAGE: task.reference,
      UNDERSTUDY_DIGEST_FILE: file,
    });
    return await digestIn(file, bare, command);
  },
} as const;

/** Those that are looked for on the machine, the first that works is taken. */
export const builders: readonly Builder[] = [docker, pushedByFile("podman"), pushedByFile("buildah"), pack];
