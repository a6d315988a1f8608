import { UnderstudyError } from "../../base/errors.ts";
import { type Redis, RedisError, type Reply } from "./resp.ts";

/** Keys in one round trip: enough to hide the latency, and few enough that large values don't pile up. */
const batch = 200;

/** What the link itself keeps in a database is no data. */
export const ownPrefix = "understudy:";

function isOwn(key: Buffer): boolean {
  return key.toString("latin1").startsWith(ownPrefix);
}

/** Every key that is there throughout, some perhaps twice (as SCAN promises). */
async function* scan(redis: Redis): AsyncGenerator<readonly Buffer[]> {
  let cursor = "0";
  do {
    const reply = await redis.call("SCAN", cursor, "COUNT", String(batch));
    const [next, keys] = reply as readonly [Buffer, readonly Buffer[]];
    cursor = next.toString();
    const own = keys.filter((key) => !isOwn(key));
    if (own.length > 0) yield own;
  } while (cursor !== "0");
}

function refuse(error: RedisError, key: Buffer): never {
  const badFormat = /payload|checksum/i.test(error.message);
  throw new UnderstudyError(`Key ${JSON.stringify(key.toString())} could not be restored: ${error.message}`, {
    code: badFormat ? "redis-too-old" : "restore-failed",
    cause: error,
    ...(badFormat ? { suggestion: "The target's Redis must be of the source's version or newer." } : {}),
  });
}

async function copyBatch(source: Redis, target: Redis, keys: readonly Buffer[]): Promise<void> {
  const found = await source.pipeline(
    keys.flatMap((key) => [
      ["DUMP", key],
      ["PTTL", key],
    ]),
  );
  const commands = keys.map((key, index): readonly (string | Buffer)[] => {
    const [value, ttl] = [found[index * 2], found[index * 2 + 1]];
    // -1 = never expires, -2 = gone since the scan.
    if (!(value instanceof Buffer) || ttl === -2) return ["DEL", key];
    return ["RESTORE", key, String(typeof ttl === "number" && ttl > 0 ? ttl : 0), value, "REPLACE"];
  });
  const replies: readonly Reply[] = await target.pipeline(commands);
  replies.forEach((reply, index) => {
    if (reply instanceof RedisError) refuse(reply, keys[index] ?? Buffer.alloc(0));
  });
}

/**
 * Makes the target's keys those of the source, with the time that each has left. Keys that change meanwhile have either
 * value; keys that the source doesn't have (any more) are deleted. Gives how many were copied.
 */
export async function copyKeys(
  source: Redis,
  target: Redis,
  options: { readonly signal?: AbortSignal | undefined; readonly onKeys?: (keys: number) => void } = {},
): Promise<number> {
  let copied = 0;
  for await (const keys of scan(source)) {
    options.signal?.throwIfAborted();
    await copyBatch(source, target, keys);
    copied += keys.length;
    options.onKeys?.(copied);
  }
  for await (const keys of scan(target)) {
    options.signal?.throwIfAborted();
    const there = await source.pipeline(keys.map((key) => ["EXISTS", key]));
    const gone = keys.filter((_, index) => there[index] === 0);
    if (gone.length > 0) await target.call("DEL", ...gone);
  }
  return copied;
}
