import { z } from "zod";
import { unprocessable } from "./errors.ts";
import type { App } from "./model.ts";

export const stacks = ["cflinuxfs4"] as const;

/** An admin buildpack by its name, or one by its Git URL; custom ones by name are not kept here. */
const buildpackName = /^(\w+_buildpack|(https?|git):\/\/\S+)$/;

/** `lifecycle` of an app or a build. */
export const lifecycleSchema = z.strictObject({
  type: z.enum(["buildpack", "docker", "cnb"]).optional(),
  data: z
    .strictObject({
      buildpacks: z.array(z.string()).nullable().optional(),
      stack: z.string().nullable().optional(),
      credentials: z.record(z.string(), z.json()).nullable().optional(),
    })
    .optional(),
});

export function mergeLifecycle(app: App, changes: z.output<typeof lifecycleSchema> | undefined): void {
  if (changes === undefined) return;
  const type = changes.type ?? app.lifecycle.type;
  const stack = changes.data?.stack ?? app.lifecycle.data.stack;
  if (type !== "docker" && stack !== null && !stacks.some((known) => known === stack)) {
    throw unprocessable("Stack must be an existing stack");
  }
  const buildpacks = changes.data?.buildpacks ?? app.lifecycle.data.buildpacks;
  const unknown = buildpacks?.find((name) => !buildpackName.test(name));
  if (type === "buildpack" && unknown !== undefined) {
    throw unprocessable(`Buildpack "${unknown}" must be an existing admin buildpack or a valid git URI`);
  }
  app.lifecycle = { type, data: type === "docker" ? { buildpacks: [], stack: null } : { buildpacks, stack } };
}
