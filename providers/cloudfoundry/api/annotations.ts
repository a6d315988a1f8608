import type { JsonObject } from "../../../src/base/json.ts";
import { type DestinationAnswer, destinationSchema } from "./wire.ts";

/**
 * What maintenance keeps of a route's destinations, in an annotation of the app for each route, so that whoever comes
 * later can put them back with nothing but the API.
 */
export const parkedPrefix = "understudy-parked-";

export const parkedKey = (route: string) => `${parkedPrefix}${route}`;

/** A destination as the API takes it. */
export function destinationInput(destination: DestinationAnswer): JsonObject {
  const { app, port, protocol, weight } = destination;
  return {
    app: { guid: app.guid, process: { type: app.process?.type ?? "web" } },
    ...(port == null ? {} : { port }),
    ...(protocol == null ? {} : { protocol }),
    ...(weight == null ? {} : { weight }),
  };
}

/** The destinations kept in an annotation; none when it isn't one of ours. */
export function parsedParked(text: string): readonly DestinationAnswer[] {
  try {
    return destinationSchema.array().parse(JSON.parse(text));
  } catch {
    return [];
  }
}
