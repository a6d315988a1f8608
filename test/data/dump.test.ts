import { describe, expect, it } from "vitest";
import { contents, makePair, open, running, server, useServers } from "./support/pair.ts";

const servers = useServers(1);
const snapshot = { mode: "snapshot", everySeconds: 1 } as const;
const schema = `CREATE TABLE lists (id serial PRIMARY KEY, name text);
  CREATE TABLE loose (list int REFERENCES lists ON DELETE CASCADE, note text);
  CREATE VIEW both_of_them AS SELECT name, note FROM lists JOIN loose ON list = id;
  CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM lists;
  INSERT INTO lists (name) SELECT 'list ' || i FROM generate_series(1, 50) i;
  INSERT INTO loose SELECT id, 'of ' || name FROM lists; REFRESH MATERIALIZED VIEW counted`;
const tables = ["lists", "loose", "both_of_them", "counted"];
const patience = { timeout: 60_000, interval: 200 };

describe("a snapshot link", { timeout: 120_000 }, () => {
  it("copies tables without keys too, again and again, while readers see a whole state", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    await primary.query(schema);
    const there = link(snapshot);
    await there.init({});
    expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));
    running(link(snapshot));
    const reader = await open(mirror.url);
    const seen = new Set<string>();
    await primary.query(
      "INSERT INTO lists (name) VALUES ('more'); DROP VIEW both_of_them; ALTER TABLE loose ADD COLUMN extra int; REFRESH MATERIALIZED VIEW counted",
    );
    await expect
      .poll(async () => {
        const { rows } = await reader
          .query("SELECT count(*) FROM lists")
          .catch(() => ({ rows: [{ count: "torn" }] }));
        seen.add(rows[0].count);
        return contents(mirror, ["lists", "loose", "counted"]).then(
          async (there) =>
            JSON.stringify(there) === JSON.stringify(await contents(primary, ["lists", "loose", "counted"])),
          () => false,
        );
      }, patience)
      .toBe(true);
    await reader.end();
    for (const count of seen) expect(["50", "51"]).toContain(count);
  });

  it("ends transactions that are open when the fence falls, and destroys no write that only an old primary has", async () => {
    const { primary, mirror, link, back } = await makePair(server(servers));
    await primary.query(schema);
    const there = link(snapshot);
    await there.init({});
    const app = await primary.connect();
    await app.query("BEGIN; INSERT INTO loose VALUES (2, 'never committed')");
    await there.fence(2);
    await expect(app.query("COMMIT")).rejects.toThrow();
    await expect(primary.query("INSERT INTO loose VALUES (3, 'late')")).rejects.toThrow(/read-only/);
    await there.unfence(2);
    await (await primary.connect()).query("INSERT INTO lists (name) VALUES ('lost')");
    const promotion = await there.promote(4);
    expect(promotion.sequences).toEqual({ "public.lists_id_seq": "10050" });
    expect(promotion.notes.join()).toMatch(/10000 steps/);
    await mirror.query("INSERT INTO lists (name) VALUES ('at the mirror')");
    await expect(back(snapshot).init({})).rejects.toMatchObject({ code: "target-not-empty" });
    await expect(primary.query("INSERT INTO lists (name) VALUES ('more')")).rejects.toThrow(/read-only/);
    const status = await back(snapshot).status();
    expect(status.notes.join()).toMatch(/may hold writes that never reached mirror/);
    expect(status.promotable.ok).toBe(false);
    await back(snapshot).init({ reseed: true });
    expect(await contents(primary, ["lists"])).toEqual(await contents(mirror, ["lists"]));
  });
});
