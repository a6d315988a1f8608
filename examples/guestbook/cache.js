import { createClient } from "redis";

const url = process.env.REDIS_URL;

/** Page views are nice to have: with no Redis, or a broken one, the guestbook works without them. */
const client =
  url === undefined
    ? undefined
    : createClient({
        url,
        disableOfflineQueue: true,
        socket: {
          connectTimeout: 2_000,
          reconnectStrategy: (retries) => Math.min(100 * 2 ** retries, 5_000),
          // Managed Redis often comes with a certificate that it signed itself.
          ...(url.startsWith("rediss:") ? { tls: true, rejectUnauthorized: false } : {}),
        },
      });
client?.on("error", () => {});
client?.connect().catch(() => {});

/** How often the page was seen, or undefined. */
export async function countView() {
  if (!client?.isReady) return undefined;
  return client.incr("views").catch(() => undefined);
}

export function closeCache() {
  client?.destroy();
}
