import { z } from "zod";
import { within } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { appSchema, dropletSchema } from "../api/wire.ts";
import { buildDroplet, type Source, sourceAnnotation, sourceMark } from "../deploy/build.ts";
import { deploy, firstStart, inTurn, started } from "../deploy/rollout.ts";
import { runRelease } from "../deploy/task.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Guid of the app. */
  app: z.string(),
  /** A gzip'd tar on this machine; its hash alone decides whether a build is due. */
  archive: z.string().nullable().default(null),
  sha256: z.string().nullable().default(null),
  image: z.string().nullable().default(null),
  /** A change of these needs a new build. */
  buildpacks: z.array(z.string()).default([]),
  stack: z.string().nullable().default(null),
  /** Runs before a new droplet takes over; null = none here. */
  releaseCommand: z.string().nullable().default(null),
  releaseTimeoutSeconds: z.int().positive().nullable().default(null),
  state: z.enum(["STARTED", "STOPPED"]).default("STARTED"),
});
type Inputs = z.output<typeof inputs>;

function sourceOf({ archive, sha256, image, app }: Inputs): Source {
  if (image !== null) return { type: "image", image };
  if (archive !== null && sha256 !== null) return { type: "archive", path: archive, sha256 };
  throw new UnderstudyError("There is no source to build from.", {
    code: "no-source",
    path: app,
    suggestion: "Give the app a `source`: a path or an image.",
  });
}

async function currentDroplet({ client, deadline }: Operation, app: string) {
  return await client.find(`/v3/apps/${app}/droplets/current`, dropletSchema, deadline);
}

/** Builds, runs the release command, and lets the new droplet take over. */
async function release(operation: Operation, wanted: Inputs): Promise<{ readonly droplet: string }> {
  const { client, deadline, log } = operation;
  log.info("Building");
  const droplet = await buildDroplet(client, wanted.app, sourceOf(wanted), deadline);
  if (wanted.releaseCommand !== null) {
    log.info("Running the release command");
    const limit = wanted.releaseTimeoutSeconds;
    await runRelease(
      client,
      wanted.app,
      { command: wanted.releaseCommand, droplet },
      limit === null ? deadline : within(deadline, limit * 1000),
    );
  }
  log.info("Starting");
  await inTurn(client, wanted.app, async () => {
    const { state } = await client.get(`/v3/apps/${wanted.app}`, appSchema, deadline);
    if (state === "STARTED") await deploy(client, wanted.app, deadline, { droplet });
    else await firstStart(client, wanted.app, droplet, deadline);
  });
  return { droplet };
}

const needsBuild = (before: Partial<Inputs>, wanted: Inputs) =>
  (["sha256", "image", "buildpacks", "stack"] as const).some(
    (key) => JSON.stringify(before[key] ?? null) !== JSON.stringify(wanted[key]),
  );

/** What runs: a droplet made of a source, released and started. */
export const releaseResource = define({
  inputs,
  replaceOn: ["app"],
  unimportant: ["archive"],

  async create(operation, wanted) {
    try {
      return { id: wanted.app, outputs: await release(operation, wanted) };
    } catch (error) {
      throw new PartialCreateError(error, { id: wanted.app, outputs: {} });
    }
  },

  async read(operation, id, known) {
    const found = await operation.client.find(`/v3/apps/${id}`, appSchema, operation.deadline);
    const droplet = found === undefined ? undefined : await currentDroplet(operation, id);
    if (found === undefined || droplet === undefined) return undefined;
    const mark = droplet.metadata.annotations[sourceAnnotation] ?? null;
    const isImage = found.lifecycle.type === "docker";
    const {
      archive = null,
      releaseCommand = null,
      releaseTimeoutSeconds = null,
      buildpacks = [],
      stack = null,
    } = known?.inputs ?? {};
    return {
      inputs: {
        app: id,
        archive,
        sha256: isImage ? null : mark,
        image: isImage ? mark : null,
        buildpacks,
        stack,
        releaseCommand,
        releaseTimeoutSeconds,
        state: found.state,
      },
      outputs: { droplet: droplet.guid },
    };
  },

  async update(operation, current, wanted) {
    const { client, deadline } = operation;
    const droplet = await currentDroplet(operation, wanted.app);
    const isOurs = droplet?.metadata.annotations[sourceAnnotation] === sourceMark(sourceOf(wanted));
    const isWhole = current.outputs.droplet !== undefined;
    if (droplet === undefined || !isWhole || !isOurs || needsBuild(current.inputs, wanted)) {
      return await release(operation, wanted);
    }
    const { state } = await client.get(`/v3/apps/${wanted.app}`, appSchema, deadline);
    if (state !== wanted.state) {
      const action = wanted.state === "STARTED" ? "start" : "stop";
      await client.act(`/v3/apps/${wanted.app}/actions/${action}`, { json: {} }, deadline);
      if (action === "start") await started(client, wanted.app, deadline);
    }
    return { droplet: droplet.guid };
  },

  async delete({ client, deadline }, current) {
    if ((await client.find(`/v3/apps/${current.id}`, appSchema, deadline)) === undefined) return;
    await client.act(`/v3/apps/${current.id}/actions/stop`, { json: {} }, deadline);
  },
});
