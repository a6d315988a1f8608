import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar";
import { messageOf, UnderstudyError } from "../../../src/base/errors.ts";
import type { Log } from "../../../src/base/log.ts";
import { redactUrls } from "../../../src/base/redact.ts";
import { run } from "../../../src/base/run.ts";
import { commandBuilder } from "./builders.ts";
import { chooseBuilder } from "./choose.ts";
import type { BuildTask, RunStep } from "./task.ts";

/** A build as a site asks for it. */
export interface BuildOrder extends Omit<BuildTask, "reference" | "repository" | "source" | "scratch"> {
  readonly registry: string;
  readonly name: string;
  /** Path of a gzip'd tar with the source at its root. */
  readonly archive: string;
  /** Hex, of the archive. */
  readonly sha256: string;
  /** Null = what is on the machine. */
  readonly builder: string | null;
}

/** What came of a build. */
export interface BuiltImage {
  /** By digest: `registry/name@sha256:...`. */
  readonly image: string;
  readonly digest: string;
}

/** Lines of a failed build's log that its error carries. */
const shownLines = 30;

/** Where a build is pushed: equal sources have equal tags. */
export function repositoryOf({ registry, name }: Pick<BuildOrder, "registry" | "name">): string {
  return `${registry.replace(/\/+$/, "")}/${name}`;
}

async function unpacked(archive: string, folder: string): Promise<void> {
  try {
    await extract({ file: archive, cwd: folder });
  } catch (error) {
    throw new UnderstudyError(`The source's archive '${archive}' can't be unpacked: ${messageOf(error)}`, {
      code: "bad-archive",
      cause: error,
      suggestion: "Run `understudy up` again: it packs the source anew.",
    });
  }
}

/**
 * Builds an image from a source and pushes it.
 * @throws UnderstudyError `build-failed` with the log's end; InputError `no-builder`
 */
export async function buildImage(order: BuildOrder, log: Log, signal: AbortSignal): Promise<BuiltImage> {
  const { builder: wanted, dockerfile, archive, sha256 } = order;
  const repository = repositoryOf(order);
  const reference = `${repository}:${sha256.slice(0, 12)}`;
  const builder =
    wanted === "command"
      ? commandBuilder
      : await chooseBuilder(wanted, dockerfile === null ? "buildpacks" : "dockerfile", signal);
  const folder = await mkdtemp(join(tmpdir(), "understudy-image-"));
  const [source, scratch] = [join(folder, "source"), join(folder, "scratch")];
  const end: string[] = [];
  const show = (line: string): void => {
    const text = redactUrls(line);
    log.info(text);
    end.push(text);
    if (end.length > shownLines) end.shift();
  };
  const step: RunStep = async (command, args, env = {}) =>
    (await run(command, args, { cwd: source, env, signal, onLine: show, withChildren: true })).stdout;
  try {
    await Promise.all([mkdir(source), mkdir(scratch)]);
    await unpacked(archive, source);
    log.info(`Building ${reference} with ${builder.name}`);
    const digest = await builder.build({ ...order, reference, repository, source, scratch }, step);
    return { image: `${repository}@${digest}`, digest };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof UnderstudyError && error.code === "bad-archive") throw error;
    const [why] = messageOf(error).split("\n");
    const text = end.length === 0 ? "" : ` The log's end:\n${end.join("\n")}`;
    throw new UnderstudyError(`The build of ${reference} with ${builder.name} failed: ${why}${text}`, {
      code: "build-failed",
      path: repository,
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
