import type { FaceKind, FaceOptions } from "../face.ts";
import type { Runtime } from "../runtime/contract.ts";
import { apiOf } from "./api.ts";
import { flavour } from "./flavour.ts";
import { defaultRateLimit, type RateLimit } from "./http/rate-limit.ts";
import { openPlatform } from "./platform.ts";

/** Heroku's Platform API v3 over a runtime, with a rate limit of the caller's choice. */
export async function openHeroku(
  runtime: Runtime,
  options: FaceOptions,
  rateLimit: RateLimit = defaultRateLimit,
): ReturnType<FaceKind["open"]> {
  const platform = await openPlatform(runtime, options);
  const api = apiOf(platform, rateLimit);
  return {
    fetch: (request) => api.fetch(request),
    close: async () => {
      for (const app of platform.store.model.apps) {
        platform.oneOffs.stop(app);
        platform.apps.drains.stop(app);
      }
      await platform.store.save();
    },
  };
}

/** The local Heroku, as the process that hosts a provider takes it. */
export const heroku: FaceKind = {
  name: "heroku",
  flavour,
  open: (runtime, options) => openHeroku(runtime, options),
};
