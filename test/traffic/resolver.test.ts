import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { type DnsServer, startDnsServer } from "../../src/local/dns/server.ts";
import { StubResolver } from "../../src/traffic/resolver.ts";

let server: DnsServer;
let resolver: StubResolver;
let time: number;

const clock: Clock = { now: () => time, monotonic: () => time, sleep: async () => {} };

beforeEach(async () => {
  time = 1_000_000;
  server = await startDnsServer({
    zones: [
      {
        name: "apps.test",
        records: [{ name: "*.apps.test", type: "A", ttlSeconds: 20, value: "127.0.10.1" }],
      },
      {
        name: "example.test",
        records: [
          { name: "www.example.test", type: "CNAME", ttlSeconds: 5, value: "shop.apps.test" },
          { name: "away.example.test", type: "CNAME", value: "a.example.net" },
          { name: "ring.example.test", type: "CNAME", value: "ring.example.test" },
          { name: "six.example.test", type: "AAAA", ttlSeconds: 7, value: "::1" },
          { name: "now.example.test", type: "A", ttlSeconds: 0, value: "127.0.0.1" },
        ],
      },
    ],
  });
  resolver = new StubResolver({ server: `127.0.0.1:${server.port}`, clock, timeoutMs: 30_000 });
});
afterEach(() => server.close());

function lead(name: string, value: string): void {
  server.setStatic("example.test", [{ name, type: "A", ttlSeconds: 5, value }]);
}

describe("the resolver", () => {
  test("follows a CNAME into another zone and tells the way and the shortest TTL", async () => {
    expect(await resolver.resolve("WWW.example.test")).toEqual({
      addresses: ["127.0.10.1"],
      ttlSeconds: 5,
      chain: ["www.example.test", "shop.apps.test"],
    });
    time += 2_000;
    expect((await resolver.resolve("www.example.test")).ttlSeconds).toBe(3);
  });

  test("keeps an answer for its TTL, and not a moment longer", async () => {
    await resolver.resolve("www.example.test");
    lead("www.example.test", "127.0.20.1");
    time += 4_999;
    expect((await resolver.resolve("www.example.test")).addresses).toEqual(["127.0.10.1"]);
    time += 1;
    expect(await resolver.resolve("www.example.test")).toEqual({
      addresses: ["127.0.20.1"],
      ttlSeconds: 5,
      chain: ["www.example.test"],
    });
  });

  test("serves from the cache while the server is away, then says that it is", async () => {
    await resolver.resolve("www.example.test");
    server.setFaults({ queries: "servfail" });
    time += 4_999;
    expect((await resolver.resolve("www.example.test")).addresses).toEqual(["127.0.10.1"]);
    time += 1;
    await expect(resolver.resolve("www.example.test")).rejects.toMatchObject({ code: "dns-refused" });
    await server.close();
    await expect(resolver.resolve("www.example.test")).rejects.toMatchObject({ code: "dns-unreachable" });
  });

  test("keeps that there is nothing as long as the zone says", async () => {
    await expect(resolver.resolve("new.example.test")).rejects.toMatchObject({ code: "no-address" });
    lead("new.example.test", "127.0.0.9");
    time += 4_999;
    await expect(resolver.resolve("new.example.test")).rejects.toMatchObject({ code: "no-address" });
    time += 1;
    expect((await resolver.resolve("new.example.test")).addresses).toEqual(["127.0.0.9"]);
  });

  test("gives IPv6 addresses where there are no others", async () => {
    expect(await resolver.resolve("six.example.test")).toMatchObject({ addresses: ["::1"] });
  });

  test("a TTL of 0 is used once", async () => {
    expect(await resolver.resolve("now.example.test")).toMatchObject({ ttlSeconds: 0 });
    lead("now.example.test", "127.0.0.2");
    expect(await resolver.resolve("now.example.test")).toMatchObject({ addresses: ["127.0.0.2"] });
  });

  test("a circle of CNAMEs, and one that leads out of the server's zones, end in an error", async () => {
    await expect(resolver.resolve("ring.example.test")).rejects.toThrow(/has no end/);
    await expect(resolver.resolve("away.example.test")).rejects.toMatchObject({ code: "dns-refused" });
  });

  test("asks once for what is being asked already", async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => resolver.resolve("www.example.test")));
    expect(new Set(all.map(({ addresses }) => addresses[0]))).toEqual(new Set(["127.0.10.1"]));
    // Were each asked on its own, the answers would not be the same objects.
    expect(new Set(all.map(({ addresses }) => addresses)).size).toBe(1);
  });

  test("a server's address that is none is named; one that is silent is an error in time", async () => {
    expect(() => new StubResolver({ server: "127.0.0.1:70000" })).toThrow(/127\.0\.0\.1:70000/);
    const nobody = new StubResolver({ server: "127.0.0.1:1" });
    await expect(nobody.resolve("www.example.test")).rejects.toMatchObject({ code: "dns-unreachable" });
    server.setFaults({ queries: "drop" });
    const hasty = new StubResolver({ server: `127.0.0.1:${server.port}`, timeoutMs: 300 });
    await expect(hasty.resolve("www.example.test")).rejects.toMatchObject({ code: "dns-timeout" });
  });

  test("ends when its user ends", async () => {
    const stop = new AbortController();
    const stopped = new StubResolver({ server: `127.0.0.1:${server.port}`, signal: stop.signal });
    server.setFaults({ queries: "drop" });
    const pending = stopped.resolve("www.example.test");
    stop.abort(new Error("the visitor leaves"));
    await expect(pending).rejects.toThrow("the visitor leaves");
  });
});
