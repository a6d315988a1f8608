import { createHash } from "node:crypto";
import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Layer } from "./layer.ts";

/** How containers of an image start; names as in the OCI image specification. */
export interface ImageConfig {
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
}

/** An image as a folder in the OCI layout. */
export interface Image {
  /** As a registry would know it: name and tag. */
  readonly reference: string;
  /** Of its manifest, `sha256:...`. */
  readonly digest: string;
  readonly folder: string;
  remove(): Promise<void>;
}

const architecture = process.arch === "x64" ? "amd64" : process.arch;

/** Equal layers and configuration give an equal digest. */
export async function makeImage(
  reference: string,
  layers: readonly Layer[],
  config: ImageConfig,
): Promise<Image> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-image-"));
  const blobs = join(folder, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  const put = async (mediaType: string, content: object) => {
    const text = JSON.stringify(content);
    const hex = createHash("sha256").update(text).digest("hex");
    await writeFile(join(blobs, hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: Buffer.byteLength(text) };
  };
  for (const { path, digest } of layers) await linkOrCopy(path, join(blobs, digest.slice("sha256:".length)));
  const described = await put("application/vnd.oci.image.config.v1+json", {
    created: "1970-01-01T00:00:00Z",
    architecture,
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = await put("application/vnd.oci.image.manifest.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: described,
    layers: layers.map(({ digest, size }) => ({
      mediaType: "application/vnd.oci.image.layer.v1.tar",
      digest,
      size,
    })),
  });
  const annotations = { "io.containerd.image.name": reference };
  await writeFile(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  return {
    reference,
    digest: manifest.digest,
    folder,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Layers are large and never change: a second name does, where both lie on one file system. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
