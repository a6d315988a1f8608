import { InputError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import type { Platform } from "./contract.ts";

/** Every platform, by the name that commands and settings use. Loaded when first asked for: a client costs time to start. */
const loaders: Readonly<Record<string, () => Promise<Platform>>> = {
  heroku: async () => (await import("../../providers/heroku/index.ts")).heroku,
  cloudfoundry: async () => (await import("../../providers/cloudfoundry/index.ts")).cloudfoundry,
  kubernetes: async () => (await import("../../providers/kubernetes/index.ts")).kubernetes,
  openshift: async () => (await import("../../providers/openshift/index.ts")).openshift,
};

/** The names of all platforms, sorted. */
export const platformNames: readonly string[] = Object.keys(loaders).sort();

/**
 * The platform of that name.
 * @throws InputError `unknown-platform`, naming the known ones and the nearest.
 */
export async function loadPlatform(name: string): Promise<Platform> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined;
  if (load !== undefined) return load();
  const meant = nearest(name, platformNames);
  throw new InputError([
    {
      code: "unknown-platform",
      message: `There is no platform '${name}'. Known: ${platformNames.join(", ")}.`,
      ...(meant === undefined ? {} : { suggestion: `Did you mean ${meant}?` }),
    },
  ]);
}
