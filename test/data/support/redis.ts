import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { openRedis, type Redis } from "../../../src/data/redis/resp.ts";

interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
  readonly folder: string;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function start(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-redis-"));
  const port = await freePort();
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--requirepass",
    "secret",
  ];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const url = `redis://:secret@127.0.0.1:${port}/2`;
  for (let tries = 0; tries < 200; tries++) {
    const redis = await openRedis(url, "test").catch(() => undefined);
    redis?.close();
    if (redis !== undefined) return { url, process: child, folder };
    await sleep(50);
  }
  child.kill();
  throw new Error("redis-server does not answer");
}

export interface RedisPair {
  readonly urls: readonly [string, string];
  /** A connection to each, both empty. */
  fresh(): Promise<{ readonly primary: Redis; readonly mirror: Redis }>;
}

/** Two servers for the tests of one file. */
export function useRedis(): RedisPair {
  const servers: RedisServer[] = [];
  beforeAll(async () => {
    servers.push(await start(), await start());
  });
  afterAll(async () => {
    for (const { process, folder } of servers) {
      process.kill();
      await once(process, "exit");
      await rm(folder, { recursive: true, force: true });
    }
  });
  return {
    get urls(): readonly [string, string] {
      return [servers[0]?.url ?? "", servers[1]?.url ?? ""];
    },
    fresh: async () => {
      const [primary, mirror] = await Promise.all([
        openRedis(servers[0]?.url ?? "", "primary"),
        openRedis(servers[1]?.url ?? "", "mirror"),
      ]);
      for (const redis of [primary, mirror]) {
        await redis.call("CLIENT", "UNPAUSE");
        await redis.call("FLUSHALL");
      }
      return { primary, mirror };
    },
  };
}
