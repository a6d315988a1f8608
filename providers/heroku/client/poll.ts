import type { HerokuClient } from "./client.ts";

const firstWaitMs = 100;
const longestWaitMs = 3_000;

/** Looks again and again, at growing intervals, until what it sees is done; an abort gives the signal's reason. */
export async function pollUntil<T>(
  client: HerokuClient,
  look: () => Promise<T>,
  isDone: (seen: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, waitMs * 1.5)) {
    const seen = await look();
    if (isDone(seen)) return seen;
    await client.sleep(waitMs, signal);
  }
}
