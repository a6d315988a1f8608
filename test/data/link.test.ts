import { describe, expect, it, onTestFinished } from "vitest";
import type { Link, LinkSettings } from "../../src/data/contract.ts";
import { openLink } from "../../src/data/registry.ts";
import { makePair, server, useServers } from "./support/pair.ts";
import { useRedis } from "./support/redis.ts";

const servers = useServers(1);
const redis = useRedis();

type Direction = "there" | "back";

/** Two sites with one service, and a link each way. */
interface Sites {
  link(direction?: Direction): Link;
  write(site: "primary" | "mirror", value: string): Promise<void>;
  read(site: "primary" | "mirror"): Promise<readonly string[]>;
  /** What is left of ours at a site. */
  traces(site: "primary" | "mirror"): Promise<number>;
}

async function onPostgres(mode: "trigger" | "snapshot"): Promise<Sites> {
  const pair = await makePair(server(servers));
  await pair.primary.query("CREATE TABLE notes (id serial PRIMARY KEY, note text)");
  return {
    link: (direction = "there") => (direction === "there" ? pair.link({ mode }) : pair.back({ mode })),
    write: async (site, value) => {
      await pair[site].query(`INSERT INTO notes (note) VALUES ('${value}')`);
    },
    read: async (site) =>
      (await pair[site].query("SELECT note FROM notes ORDER BY id")).map((row) => row.note ?? ""),
    traces: async (site) => {
      const rows = await pair[site].query(`SELECT 1 FROM pg_namespace WHERE nspname = 'understudy'
        UNION ALL SELECT 1 FROM pg_trigger WHERE tgname LIKE 'understudy%' UNION ALL SELECT 1 FROM pg_db_role_setting s
        JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()`);
      return rows.length;
    },
  };
}

async function onRedis(): Promise<Sites> {
  const connections = await redis.fresh();
  onTestFinished(() => {
    for (const connection of Object.values(connections)) connection.close();
  });
  const settings = (source: 0 | 1, target: 0 | 1): LinkSettings => ({
    service: "cache",
    type: "redis",
    mode: "snapshot",
    source: { site: source === 0 ? "primary" : "mirror", url: async () => redis.urls[source] },
    target: { site: target === 0 ? "primary" : "mirror", url: async () => redis.urls[target] },
    withoutKey: "refuse",
    exclude: [],
    log: { info: () => {}, warn: () => {} },
  });
  return {
    link: (direction = "there") => openLink(direction === "there" ? settings(0, 1) : settings(1, 0)),
    write: async (site, value) => {
      await connections[site].call("RPUSH", "notes", value);
    },
    read: async (site) =>
      ((await connections[site].call("LRANGE", "notes", "0", "-1")) as Buffer[]).map(String),
    traces: async (site) => Number(await connections[site].call("EXISTS", "understudy:state")),
  };
}

const kinds = [
  { name: "postgres, by triggers", make: () => onPostgres("trigger") },
  { name: "postgres, by snapshots", make: () => onPostgres("snapshot") },
  { name: "redis, by snapshots", make: onRedis },
];

for (const { name, make } of kinds) {
  describe(`a link of ${name}`, { timeout: 180_000 }, () => {
    it("carries what was there and what came later, there and back, and leaves nothing", async () => {
      const sites = await make();
      await sites.write("primary", "one");
      expect((await sites.link().status()).state).toBe("absent");
      await sites.link().init({});
      expect(await sites.read("mirror")).toEqual(["one"]);
      await sites.write("primary", "two");
      await sites.link().drain(await sites.link().fence(2));
      await sites.link().promote(2);
      expect(await sites.read("mirror")).toEqual(["one", "two"]);
      await sites.write("mirror", "three");
      await sites.link("back").init({});
      expect(await sites.link("back").status()).toMatchObject({
        state: "following",
        promotable: { ok: true },
      });
      await sites.link("back").drain(await sites.link("back").fence(3));
      await sites.link("back").promote(3);
      expect(await sites.read("primary")).toEqual(["one", "two", "three"]);
      await sites.write("primary", "four");
      await sites.link().drop();
      await sites.link().drop();
      expect([await sites.traces("primary"), await sites.traces("mirror")]).toEqual([0, 0]);
      expect(await sites.read("primary")).toEqual(["one", "two", "three", "four"]);
    });

    it("gives the same answer when it is asked again, stops when told to, and refuses an epoch that is over", async () => {
      const sites = await make();
      await sites.link().init({});
      await sites.link().init({});
      const controller = new AbortController();
      const running = sites.link().run({ signal: controller.signal });
      controller.abort();
      await running;
      const told = AbortSignal.abort(new Error("told to"));
      await expect(sites.link().init({ signal: told })).rejects.toThrow("told to");
      const position = await sites.link().fence(5);
      expect(await sites.link().fence(5)).toBe(position);
      expect((await sites.link().status()).state).toBe("fenced");
      await expect(sites.link().fence(4)).rejects.toMatchObject({ rule: "stale-epoch" });
      await expect(sites.link().unfence(4)).rejects.toMatchObject({ rule: "stale-epoch" });
      await sites.link().unfence(5);
      await sites.link().unfence(5);
      await sites.write("primary", "again");
      const later = await sites.link().fence(6);
      await sites.link().drain(later);
      await sites.link().drain(later);
      await sites.link().promote(6);
      await sites.link().promote(6);
      await expect(sites.link().unfence(6)).rejects.toMatchObject({ rule: "one-site-writes" });
      await expect(sites.link().promote(5)).rejects.toMatchObject({ rule: "stale-epoch" });
      await expect(sites.link().init({})).rejects.toMatchObject({ code: "wrong-direction" });
      expect(await sites.read("mirror")).toEqual(["again"]);
    });
  });
}

describe("a link that moves nothing", () => {
  const settings = {
    service: "search",
    type: "elastic",
    withoutKey: "refuse",
    exclude: [],
    log: { info: () => {}, warn: () => {} },
  } as const;
  const end = (site: string) => ({ site, url: async () => "" });
  const ends = { source: end("primary"), target: end("mirror") };

  for (const mode of ["shared", "rebuild", "none"] as const) {
    it(`does nothing and says so: ${mode}`, async () => {
      const link = openLink({ ...settings, ...ends, mode });
      await link.init({});
      await link.drain(await link.fence(1));
      expect((await link.promote(1)).notes.join()).toMatch(/search: /);
      expect(await link.status()).toMatchObject({ mode, promotable: { ok: true } });
      const controller = new AbortController();
      const running = link.run({ signal: controller.signal });
      controller.abort();
      await running;
    });
  }

  it("is the only one that an unknown type has", () => {
    expect(() => openLink({ ...settings, ...ends, mode: "trigger" })).toThrow(
      "There is no trigger link for elastic.",
    );
    expect(() => openLink({ ...settings, ...ends, type: "postgres", mode: "logical" })).toThrow(
      "There is no logical link for postgres.",
    );
  });
});
