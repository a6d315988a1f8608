import { describe, expect, it } from "vitest";
import type { LinkSettings } from "../../src/data/contract.ts";
import { parseRedisUrl } from "../../src/data/redis/resp.ts";
import { openLink } from "../../src/data/registry.ts";
import { useRedis } from "./support/redis.ts";

const redis = useRedis();

function link(direction: "there" | "back" = "there", settings: Partial<LinkSettings> = {}) {
  const end = (site: string, index: 0 | 1) => ({ site, url: async () => redis.urls[index] });
  const [source, target] = [end("primary", 0), end("mirror", 1)];
  return openLink({
    service: "cache",
    type: "redis",
    mode: "snapshot",
    source: direction === "there" ? source : target,
    target: direction === "there" ? target : source,
    withoutKey: "refuse",
    exclude: [],
    log: { info: () => {}, warn: () => {} },
    ...settings,
  });
}

const patience = { timeout: 20_000 };
const text = (reply: unknown) => (Buffer.isBuffer(reply) ? reply.toString() : reply);

describe("a Redis link", () => {
  it("copies values of each type with the time they have left, and forgets what is gone", async () => {
    const { primary, mirror } = await redis.fresh();
    const binary = Buffer.from([0, 255, 13, 10, 36, 42]);
    await primary.pipeline([
      ["SET", binary, binary],
      ["SET", "brief", "x", "PX", "600000"],
      ["RPUSH", "list", "a", "b"],
      ["SADD", "set", "x"],
      ["ZADD", "sorted", "1.5", "m"],
      ["HSET", "hash", "f", "v"],
      ["XADD", "stream", "1-1", "k", "v"],
      ["PFADD", "log", "a"],
      ...Array.from({ length: 1500 }, (_, index) => ["SET", `many:${index}`, "y".repeat(index)]),
    ]);
    await primary.call("SET", "large", "z".repeat(3_000_000));
    await mirror.call("SET", "stale", "1");
    let told = 0;
    await link().init({ onProgress: ({ rows }) => (told = rows) });
    expect(told).toBeGreaterThanOrEqual(1509);
    expect(await mirror.call("DBSIZE")).toBe(1510);
    for (const key of [
      binary,
      "brief",
      "list",
      "set",
      "sorted",
      "hash",
      "stream",
      "log",
      "many:777",
      "large",
    ]) {
      expect(await mirror.call("DUMP", key), String(key)).toEqual(await primary.call("DUMP", key));
    }
    const left = Number(await mirror.call("PTTL", "brief"));
    expect(left).toBeGreaterThan(500_000);
    expect(left).toBeLessThanOrEqual(600_000);
    expect(await mirror.call("PTTL", "hash")).toBe(-1);
    expect(await mirror.call("EXISTS", "stale")).toBe(0);
    primary.close();
    mirror.close();
  });

  it("holds writers up while it is fenced, and never overwrites a promoted site", async () => {
    const { primary, mirror } = await redis.fresh();
    await primary.call("SET", "a", "1");
    const there = link();
    await there.init({});
    await primary.call("SET", "a", "2");
    const position = await there.fence(3);
    let written = false;
    const late = primary.call("SET", "a", "late").then(() => (written = true));
    await there.drain(position);
    expect(text(await mirror.call("GET", "a"))).toBe("2");
    expect(written).toBe(false);
    expect((await there.status()).state).toBe("fenced");
    await there.promote(3);
    await mirror.call("SET", "a", "3");
    await expect(there.init({})).rejects.toMatchObject({ code: "wrong-direction" });
    await there.drain(position);
    expect(text(await mirror.call("GET", "a"))).toBe("3");
    await link("back").init({});
    await late;
    await link("back").drain("");
    expect(text(await primary.call("GET", "a"))).toBe("3");
    await link("back").drop();
    expect(await mirror.call("EXISTS", "understudy:state")).toBe(0);
    primary.close();
    mirror.close();
  });

  it("runs until it is told to end, and says when an end is gone", async () => {
    const { primary, mirror } = await redis.fresh();
    await primary.call("SET", "a", "1");
    const controller = new AbortController();
    const running = link("there", { everySeconds: 0.1 }).run({ signal: controller.signal });
    await expect.poll(async () => text(await mirror.call("GET", "a")), patience).toBe("1");
    await primary.call("SET", "a", "2");
    await expect.poll(async () => text(await mirror.call("GET", "a")), patience).toBe("2");
    controller.abort();
    await running;
    const gone = link("there", { source: { site: "primary", url: async () => "redis://127.0.0.1:1" } });
    expect(await gone.status()).toMatchObject({
      sourceReachable: false,
      targetReachable: true,
      promotable: { ok: true },
    });
    await expect(gone.fence(9)).rejects.toMatchObject({ code: "redis-unreachable" });
    primary.close();
    mirror.close();
  });

  it("reads URLs and refuses others without showing them", () => {
    expect(parseRedisUrl("rediss://user:p%40ss@host:7000/3", "primary")).toEqual({
      host: "host",
      port: 7000,
      tls: true,
      user: "user",
      password: "p@ss",
      database: "3",
    });
    expect(() => parseRedisUrl("http://:secret@host", "primary")).toThrow(
      /The Redis URL of primary is not one/,
    );
  });
});
