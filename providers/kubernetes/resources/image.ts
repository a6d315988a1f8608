import { z } from "zod";
import { InputError, UnderstudyError } from "../../../src/base/errors.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { buildImage, repositoryOf } from "../image/build.ts";
import { define, type Operation } from "./define.ts";

const inputs = z.strictObject({
  /** Where to push to, e.g. `registry.example.com/team`. */
  registry: z.string().min(1).nullable(),
  name: z.string().min(1),
  /** Path of the source's archive on this machine. */
  archive: z.string().nullable(),
  /** Of the archive, hex. */
  sha256: z.string().nullable(),
  buildpacks: z.array(z.string()).default([]),
  dockerfile: z.string().nullable().default(null),
  context: z.string().nullable().default(null),
  args: z.record(z.string(), z.string()).default({}),
  builder: z.enum(["pack", "docker", "podman", "buildah", "command"]).nullable().default(null),
  command: z.array(z.string()).nonempty().nullable().default(null),
  cnbBuilder: z.string().nullable().default(null),
});
type Inputs = z.output<typeof inputs>;

function incomplete(code: string, path: string, message: string, suggestion: string): InputError {
  return new InputError([{ code, path, message, suggestion }]);
}

function idOf({ registry, name }: Inputs): string {
  return registry === null ? name : repositoryOf({ registry, name });
}

async function built({ log, signal }: Operation, wanted: Inputs) {
  const { registry, archive, sha256 } = wanted;
  if (registry === null) {
    throw incomplete(
      "missing-registry",
      "settings.image.registry",
      `The image ${wanted.name} has no registry to be pushed to.`,
      "Set image.registry in the site's settings, e.g. registry.example.com/team.",
    );
  }
  if (archive === null || sha256 === null) {
    throw incomplete(
      "no-source-archive",
      "source",
      `The image ${wanted.name} can be built from a folder only.`,
      "Check the source out and give its folder as source.path, or give the app's image as source.image.",
    );
  }
  const { image, digest } = await buildImage({ ...wanted, registry, archive, sha256 }, log, signal);
  return { image, digest };
}

/**
 * An image built from the app's source, pushed to a registry. What is there once stays: whoever runs by a digest must
 * find it, also after the site has gone.
 */
export const image = define({
  inputs,
  replaceOn: ["registry", "name"],
  unimportant: ["archive"],

  async create(operation, wanted) {
    const id = idOf(wanted);
    try {
      return { id, outputs: await built(operation, wanted) };
    } catch (error) {
      const failed = error instanceof UnderstudyError && error.code === "build-failed";
      throw failed ? new PartialCreateError(error, { id, outputs: {} }) : error;
    }
  },

  // Nothing is looked up: registries want credentials of their own, which are the builder's business.
  async read(_operation, id, known) {
    const cut = id.lastIndexOf("/");
    const named = { registry: cut < 0 ? null : id.slice(0, cut), name: id.slice(cut + 1) };
    if (known === undefined) {
      return { inputs: inputs.parse({ ...named, archive: null, sha256: null }), outputs: {} };
    }
    const { image: reference, digest } = known.outputs;
    const outputs = reference === undefined || digest === undefined ? {} : { image: reference, digest };
    // After a build that failed nothing is known of the inputs, and the next one has to begin anew.
    return { inputs: known.inputs as Inputs, outputs };
  },

  update: (operation, _current, wanted) => built(operation, wanted),

  async delete() {},
});
