import { z } from "zod";
import { RefusedError } from "../../base/errors.ts";
import { ownPrefix } from "./copy-keys.ts";
import { type Redis, RedisError } from "./resp.ts";

/** Where a site says what it is. */
export const stateKey = `${ownPrefix}state`;

const stateSchema = z.object({
  role: z.enum(["active", "fenced", "standby"]),
  epoch: z.number(),
  /** Milliseconds since 1970. */
  fencedAt: z.number().optional(),
  /** When the snapshot that it has was begun, and of which site it is. */
  readAt: z.number().optional(),
  source: z.string().optional(),
});

export type State = Readonly<z.output<typeof stateSchema>>;

export async function readState(redis: Redis): Promise<State | undefined> {
  const text = await redis.call("GET", stateKey);
  return text instanceof Buffer ? stateSchema.parse(JSON.parse(text.toString())) : undefined;
}

export async function writeState(redis: Redis, state: State): Promise<void> {
  await redis.call("SET", stateKey, JSON.stringify(state));
}

export function staleEpoch(site: string, known: number, asked: number): RefusedError {
  return new RefusedError(`The Redis of ${site} knows epoch ${known}; epoch ${asked} is over.`, {
    code: "stale-epoch",
    rule: "stale-epoch",
    suggestion: 'Another cutover has happened since: look at "understudy status", then plan anew.',
  });
}

/** How long a fence stops writers: as long as a cutover may take. Fencing again prolongs it. */
const pauseMs = 600_000;

/** Tries to hold up writers. Gives false where the server doesn't let a client do so. */
export async function pauseWriters(redis: Redis, on: boolean): Promise<boolean> {
  const [reply] = await redis.pipeline([
    on ? ["CLIENT", "PAUSE", String(pauseMs), "WRITE"] : ["CLIENT", "UNPAUSE"],
  ]);
  return !(reply instanceof RedisError);
}
