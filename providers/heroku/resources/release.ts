import { createHash } from "node:crypto";
import { z } from "zod";
import { messageOf, UnderstudyError } from "../../../src/base/errors.ts";
import { sortKeys } from "../../../src/base/json.ts";
import type { ResourceContext, ResourceHandler } from "../../../src/platform/handler.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { assembleUpload } from "../archive/assemble.ts";
import type { HerokuClient } from "../client/client.ts";
import { dynosSettled } from "../client/dynos.ts";
import { ifFound } from "../client/errors.ts";
import { pollUntil } from "../client/poll.ts";
import {
  appShape,
  type Build,
  buildShape,
  type Release,
  releaseShape,
  sourceShape,
} from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import type { HerokuConnection } from "../settings.ts";

const inputs = z.object({
  app: z.string(),
  /** Path of the packed source on this machine. */
  archive: z.string().exactOptional(),
  /** Of the packed source, hex. */
  sha256: z.string().exactOptional(),
  git: z
    .never("Heroku's build API takes no repository: check it out and set source.path to the folder")
    .exactOptional(),
  files: z.record(z.string(), z.string()).default({}),
  keepProcesses: z.array(z.string()).default([]),
  buildpacks: z.array(z.string()).default([]),
  stack: z.string().exactOptional(),
});
type Inputs = z.output<typeof inputs>;

/** Lines of a log that an error shows. */
const shownLines = 20;
const uploadTimeoutMs = 600_000;

/** Stands as the version of a build's source: what was built can be told from Heroku's own list of builds. */
function keyOf({ app: _, archive: __, ...content }: Inputs): string {
  return createHash("sha256")
    .update(JSON.stringify(sortKeys(content)))
    .digest("hex");
}

function endOf(text: string): string {
  return text.trimEnd().split("\n").slice(-shownLines).join("\n");
}

async function outputOf(
  client: HerokuClient,
  url: string | null | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (url === null || url === undefined) return "(there is none)";
  return await client
    .text(url, { signal })
    .catch((error: unknown) => `(it can't be read: ${messageOf(error)})`);
}

/** Sends the source and builds it. Throws `build-failed` with the log's end. */
async function build(client: HerokuClient, wanted: Inputs, signal: AbortSignal): Promise<Build> {
  const upload = await assembleUpload(wanted);
  const { source_blob: source } = await client.ask("/sources", {}, sourceShape, { signal });
  await client.upload(source.put_url, upload, { signal, timeoutMs: uploadTimeoutMs });
  const path = `/apps/${wanted.app}/builds`;
  const checksum = `SHA256:${createHash("sha256").update(upload).digest("hex")}`;
  const body = {
    source_blob: { url: source.get_url, version: keyOf(wanted), checksum },
    ...(wanted.buildpacks.length === 0 ? {} : { buildpacks: wanted.buildpacks.map(buildpackRef) }),
  };
  // The source's address is its own: a build of it can only be ours.
  const find = async (): Promise<Build | undefined> =>
    (await client.list(path, buildShape, { signal })).find(
      ({ source_blob }) => source_blob.url === source.get_url,
    );
  const started = await client.create(path, body, buildShape, find, { signal });
  const done = await pollUntil(
    client,
    () => client.get(`${path}/${started.id}`, buildShape, { signal }),
    ({ status }) => status !== "pending",
    signal,
  );
  if (done.status === "succeeded") return done;
  const log = await outputOf(client, done.output_stream_url, signal);
  throw new UnderstudyError(`The build failed. Its log ends with:\n${endOf(log)}`, {
    code: "build-failed",
    suggestion: "Mend what the log's end names, and go on with `up`.",
  });
}

function buildpackRef(buildpack: string): { readonly url: string } | { readonly name: string } {
  return /^[a-z]+:/.test(buildpack) ? { url: buildpack } : { name: buildpack };
}

/** Settles when the release that a build made is in force and its dynos are up. Throws `release-failed` or `start-failed`. */
async function released(client: HerokuClient, app: string, id: string, signal: AbortSignal): Promise<void> {
  const path = `/apps/${app}/releases/${id}`;
  const release = await pollUntil(
    client,
    () => client.get(path, releaseShape, { signal }),
    ({ status }) => status !== "pending",
    signal,
  );
  if (release.status === "failed") {
    const log = await outputOf(client, release.output_stream_url, signal);
    throw new UnderstudyError(
      `The release command of v${release.version} failed. Its output ends with:\n${endOf(log)}`,
      {
        code: "release-failed",
        suggestion: "The release before stays in force. Mend the command, and go on with `up`.",
      },
    );
  }
  await dynosSettled(client, app, release.version, signal);
}

async function currentRelease(
  client: HerokuClient,
  app: string,
  signal: AbortSignal,
): Promise<Release | undefined> {
  const newest = await client.list(
    `/apps/${app}/releases`,
    releaseShape,
    { signal },
    "version ..; order=desc,max=20",
  );
  return newest.find(({ current }) => current);
}

/** The build of the code that runs; undefined when no code does. */
async function currentBuild(
  client: HerokuClient,
  app: string,
  signal: AbortSignal,
): Promise<Build | undefined> {
  const slug = (await currentRelease(client, app, signal))?.slug?.id;
  if (slug === undefined) return undefined;
  const builds = await client.list(`/apps/${app}/builds`, buildShape, { signal });
  return builds.find((candidate) => candidate.slug?.id === slug);
}

function outputsOf({ id }: Build) {
  return { build: id };
}

/** Brings the code there. What an earlier run, cut off, has built is taken, not built again. */
async function ensure({ connection, signal }: ResourceContext<HerokuConnection>, wanted: Inputs) {
  const client = clientOf(connection);
  const running = await currentBuild(client, wanted.app, signal);
  if (running?.source_blob.version === keyOf(wanted)) {
    await dynosSettled(client, wanted.app, 0, signal);
    return outputsOf(running);
  }
  const made = await build(client, wanted, signal);
  if (made.release !== null) await released(client, wanted.app, made.release.id, signal);
  return outputsOf(made);
}

/** The app's code: built from an archive and released. Deleting it leaves the code in place, as Heroku can't take it away. */
export const release: ResourceHandler<HerokuConnection> = {
  inputs,
  replaceOn: ["app"],
  unimportant: ["archive"],

  async create(context, values) {
    const wanted = inputs.parse(values);
    try {
      return { id: wanted.app, outputs: await ensure(context, wanted) };
    } catch (error) {
      throw new PartialCreateError(error, { id: wanted.app, outputs: {} });
    }
  },

  async read({ connection, signal }, id, known) {
    const client = clientOf(connection);
    const app = await ifFound(client.get(`/apps/${id}`, appShape, { signal }));
    if (app === undefined) return undefined;
    const made = await currentBuild(client, app.id, signal);
    if (made === undefined) return undefined;
    const written = inputs.safeParse(known?.inputs);
    const version = made.source_blob.version ?? "unknown";
    if (written.success && keyOf(written.data) === version) {
      return { id: app.id, inputs: written.data, outputs: outputsOf(made) };
    }
    // Something else runs: an unlike hash makes the next `up` build again.
    const seen = { ...(written.success ? written.data : { files: {}, keepProcesses: [], buildpacks: [] }) };
    return { id: app.id, inputs: { ...seen, app: app.id, sha256: version }, outputs: outputsOf(made) };
  },

  async update(context, _current, values) {
    return await ensure(context, inputs.parse(values));
  },

  async delete({ log }) {
    log.info("The code stays on Heroku until its app is deleted.");
  },
};
