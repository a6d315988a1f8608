import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";
import { openRedis, type Redis } from "../../../src/data/redis/resp.ts";
import { createPorts } from "../../../src/local/runtime/ports.ts";

interface RedisServer {
  readonly url: string;
  readonly process: ChildProcess;
  readonly folder: string;
}

const ports = createPorts();

/** Undefined when the server ended: somebody else took its port. */
async function tryStart(folder: string): Promise<RedisServer | undefined> {
  const port = await ports.take("127.0.0.1");
  // A server of another suite doesn't pass for this one.
  const password = randomUUID();
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
    password,
  ];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  await once(child, "spawn");
  const url = `redis://:${password}@127.0.0.1:${port}/2`;
  while (child.exitCode === null) {
    const redis = await openRedis(url, "test").catch(() => undefined);
    redis?.close();
    if (redis !== undefined) return { url, process: child, folder };
    await sleep(50);
  }
  return undefined;
}

async function start(): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "understudy-redis-"));
  for (let tries = 0; tries < 5; tries++) {
    const server = await tryStart(folder);
    if (server !== undefined) return server;
  }
  throw new Error("redis-server does not start");
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
      const exited = once(process, "exit");
      process.kill();
      await exited;
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
