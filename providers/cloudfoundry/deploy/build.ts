import type { Deadline } from "../../../src/base/deadline.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { Client } from "../api/client.ts";
import { buildSchema, dropletSchema, packageSchema } from "../api/wire.ts";
import { logEnd } from "./log.ts";
import { zipOf } from "./zip.ts";

/** What a droplet is made of. */
export type Source =
  | { readonly type: "archive"; readonly path: string; readonly sha256: string }
  | { readonly type: "image"; readonly image: string };

/** Annotation of a droplet that tells what it was made of. */
export const sourceAnnotation = "understudy-source";

export function sourceMark(source: Source): string {
  return source.type === "archive" ? source.sha256 : source.image;
}

async function upload(client: Client, guid: string, path: string, deadline: Deadline): Promise<void> {
  const bits = new Blob([new Uint8Array(await zipOf(path))], { type: "application/zip" });
  const state = async () => (await client.get(`/v3/packages/${guid}`, packageSchema, deadline)).state;
  const form = new FormData();
  form.set("resources", "[]");
  form.set("bits", bits, "source.zip");
  try {
    await client.actOnce(`/v3/packages/${guid}/upload`, { form }, deadline);
  } catch (error) {
    // A second upload is refused: it counts whether the first one arrived.
    if ((await state()) === "AWAITING_UPLOAD") {
      await client.act(`/v3/packages/${guid}/upload`, { form }, deadline);
    } else if (error instanceof UnderstudyError && error.code === "refused-by-platform") throw error;
  }
}

async function makePackage(client: Client, app: string, source: Source, deadline: Deadline): Promise<string> {
  const relationships = { app: { data: { guid: app } } };
  const json: JsonObject =
    source.type === "archive"
      ? { type: "bits", relationships }
      : { type: "docker", data: { image: source.image }, relationships };
  const made = await client.create("/v3/packages", json, packageSchema, deadline);
  if (source.type === "archive") await upload(client, made.guid, source.path, deadline);
  for (let waitMs = 50; ; waitMs = Math.min(2_000, waitMs * 1.5)) {
    const item = await client.get(`/v3/packages/${made.guid}`, packageSchema, deadline);
    if (item.state === "READY") return made.guid;
    if (item.state === "FAILED" || item.state === "EXPIRED") {
      throw new UnderstudyError(`The source was not accepted: ${item.data?.error ?? item.state}.`, {
        code: "upload-failed",
        path: app,
      });
    }
    await deadline.pause(waitMs, "the upload of the source");
  }
}

/**
 * Builds a droplet of a source and gives its guid. Throws `build-failed` with the end of the build's log in the message.
 */
export async function buildDroplet(
  client: Client,
  app: string,
  source: Source,
  deadline: Deadline,
): Promise<string> {
  const guid = await makePackage(client, app, source, deadline);
  const build = await client.create("/v3/builds", { package: { guid } }, buildSchema, deadline);
  for (let waitMs = 100; ; waitMs = Math.min(3_000, waitMs * 1.5)) {
    const { state, error, droplet } = await client.get(`/v3/builds/${build.guid}`, buildSchema, deadline);
    if (state === "STAGED" && droplet !== null) {
      const metadata = { annotations: { [sourceAnnotation]: sourceMark(source) } };
      await client.patch(`/v3/droplets/${droplet.guid}`, { metadata }, dropletSchema, deadline);
      return droplet.guid;
    }
    if (state === "FAILED") {
      const end = await logEnd(client, app, (line) => line.sourceType === "STG", deadline);
      throw new UnderstudyError(
        `The build failed: ${error ?? "no reason was given"}. Its log ends with:\n${end || "(no log)"}`,
        {
          code: "build-failed",
          path: app,
          suggestion: "Mend what the log's end names, and run the same again.",
        },
      );
    }
    await deadline.pause(waitMs, "the build");
  }
}
