import { describe, expect, it } from "vitest";
import { RefusedError } from "../../src/base/errors.ts";
import { contents, makePair, type Pair, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(1);

/** Makes the schema, starts the link, makes the changes, and expects the tables to be the same at both ends. */
async function carries(schema: string, changes: readonly string[], tables: readonly string[]): Promise<Pair> {
  const pair = await makePair(server(servers));
  await pair.primary.query(schema);
  const link = pair.link();
  await link.init({});
  expect(await contents(pair.mirror, tables)).toEqual(await contents(pair.primary, tables));
  for (const change of changes) {
    await pair.primary.query(change);
    await settle(link, pair.primary);
    expect(await contents(pair.mirror, tables), change).toEqual(await contents(pair.primary, tables));
  }
  return pair;
}

/** Promotes the mirror, as a graceful cutover does. */
async function cutOver({ link }: Pair): Promise<void> {
  const there = link();
  await there.drain(await there.fence(1));
  await there.promote(1);
}

describe("what a table can be", () => {
  it("has foreign keys in a cycle, to itself, deferred, and with actions", async () => {
    const pair = await carries(
      `CREATE TABLE a (id int PRIMARY KEY, b int);
       CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a DEFERRABLE INITIALLY DEFERRED, up int REFERENCES b ON DELETE SET NULL ON UPDATE CASCADE);
       ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES b ON UPDATE CASCADE ON DELETE RESTRICT DEFERRABLE;
       BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO b VALUES (1, 1, 1), (2, 2, 1); INSERT INTO a VALUES (1, 1), (2, 2); COMMIT`,
      [
        "BEGIN; INSERT INTO b VALUES (3, 3, 2); INSERT INTO a VALUES (3, 3); COMMIT",
        "UPDATE b SET id = id + 100",
        "WITH gone AS (DELETE FROM a WHERE id = 1 RETURNING id) UPDATE b SET a = 2 WHERE a IN (SELECT id FROM gone)",
        "UPDATE a SET b = 102; DELETE FROM b WHERE id = 101",
      ],
      ["a", "b"],
    );
    // A standby has none of them; they are back, and hold, once it is promoted.
    const keys =
      "SELECT conname, pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE contype = 'f' ORDER BY 1";
    const before = await pair.primary.query(keys);
    expect(await pair.mirror.query(keys)).toEqual([]);
    await cutOver(pair);
    const plain = (await pair.mirror.query(keys)).map((row) => ({
      ...row,
      text: row.text?.replace(" NOT VALID", "") ?? "",
    }));
    expect(plain).toEqual(before);
    await expect(pair.mirror.query("INSERT INTO a VALUES (50, 12345)")).rejects.toThrow(/foreign key/);
    await pair.link().drop();
    expect(await pair.mirror.query(keys)).toEqual(before);
  });

  it("has triggers, rules and policies, which act at the active site only", async () => {
    const pair = await carries(
      `CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0);
       CREATE TABLE audit (id serial PRIMARY KEY, what text);
       CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (what) VALUES (TG_OP); RETURN NEW; END $$;
       CREATE TRIGGER note AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
       CREATE TRIGGER off BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();
       ALTER TABLE t DISABLE TRIGGER off;
       CREATE RULE also AS ON DELETE TO t DO ALSO INSERT INTO audit (what) VALUES ('rule');
       CREATE TABLE secret (id int PRIMARY KEY, n int);
       ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
       CREATE POLICY positive ON secret USING (n > 0);
       INSERT INTO t VALUES (1), (2); INSERT INTO secret VALUES (1, -1), (2, 1)`,
      [
        "INSERT INTO t VALUES (3)",
        "UPDATE t SET n = 5",
        "DELETE FROM t WHERE id = 1",
        "UPDATE secret SET n = n - 1",
      ],
      ["t", "audit", "secret"],
    );
    const enabled =
      "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgname IN ('note', 'off') ORDER BY 1";
    const before = await pair.primary.query(enabled);
    expect(await pair.mirror.query(enabled)).not.toEqual(before);
    await cutOver(pair);
    expect(await pair.mirror.query(enabled)).toEqual(before);
    const [counted] = await pair.mirror.query("SELECT count(*) FROM audit");
    await pair.mirror.query("INSERT INTO t VALUES (10); DELETE FROM t WHERE id = 10");
    const [after] = await pair.mirror.query("SELECT count(*) FROM audit");
    expect(Number(after?.count)).toBe(Number(counted?.count) + 2);
  });

  it("is partitioned, also below partitions, with rows that move and foreign keys that come back", async () => {
    const pair = await carries(
      `CREATE TABLE owners (id int PRIMARY KEY);
       CREATE TABLE p (id int, region text, owner int REFERENCES owners ON DELETE CASCADE, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
       CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu') PARTITION BY RANGE (id);
       CREATE TABLE p_eu_low PARTITION OF p_eu FOR VALUES FROM (0) TO (100);
       CREATE TABLE p_eu_high PARTITION OF p_eu DEFAULT;
       CREATE TABLE p_us PARTITION OF p FOR VALUES IN ('us');
       INSERT INTO owners VALUES (1), (2);
       INSERT INTO p SELECT i, CASE WHEN i % 2 = 0 THEN 'eu' ELSE 'us' END, 1 + i % 2 FROM generate_series(1, 150) i`,
      [
        "UPDATE p SET region = 'us' WHERE id = 2",
        "UPDATE p SET id = id + 1000 WHERE id = 4",
        "INSERT INTO p_us VALUES (500, 'us', 1)",
        "DELETE FROM owners WHERE id = 2",
        "TRUNCATE p_us",
        "INSERT INTO p VALUES (7, 'us', 1); TRUNCATE p; INSERT INTO p VALUES (8, 'eu', 1)",
      ],
      ["owners", "p", "p_eu", "p_us"],
    );
    const keys = `SELECT conrelid::regclass::text AS rel, conname, convalidated FROM pg_constraint
      WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2`;
    const before = await pair.primary.query(keys);
    await cutOver(pair);
    await expect(pair.mirror.query("INSERT INTO p VALUES (9, 'us', 77)")).rejects.toThrow(/foreign key/);
    await settle(pair.back(), pair.mirror);
    expect((await pair.primary.query(keys)).length).toBe(0);
    await pair.back().drop();
    expect(await pair.mirror.query(keys)).toEqual(before);
    expect(await pair.primary.query(keys)).toEqual(before);
  });

  it("inherits from another", async () => {
    await carries(
      `CREATE TABLE parent (id int PRIMARY KEY, n int);
       CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (parent);
       INSERT INTO parent VALUES (1, 1); INSERT INTO child VALUES (2, 2, 'x')`,
      [
        "UPDATE parent SET n = n + 1",
        "UPDATE parent SET id = id + 10",
        "DELETE FROM parent WHERE id = 12",
        "INSERT INTO child VALUES (1, 1, 'y')",
        "TRUNCATE parent",
      ],
      ["ONLY parent", "child"],
    );
  });

  it("has generated and identity columns, odd names, and columns that were dropped", async () => {
    await carries(
      `CREATE SCHEMA "Odd schema";
       CREATE TABLE "Odd schema"."a ""b"" $c$" ("select" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int,
         "Price's" numeric, doubled numeric GENERATED ALWAYS AS ("Price's" * 2) STORED);
       ALTER TABLE "Odd schema"."a ""b"" $c$" DROP COLUMN gone;
       CREATE TABLE counted (id int PRIMARY KEY, line int GENERATED ALWAYS AS IDENTITY, own int GENERATED BY DEFAULT AS IDENTITY);
       CREATE TABLE only_key (a int, b text, PRIMARY KEY (b, a));
       INSERT INTO "Odd schema"."a ""b"" $c$" ("Price's") VALUES (1.5), (2);
       INSERT INTO counted VALUES (1), (2); INSERT INTO only_key VALUES (1, 'x')`,
      [
        `INSERT INTO "Odd schema"."a ""b"" $c$" ("Price's") VALUES (3); UPDATE "Odd schema"."a ""b"" $c$" SET "Price's" = 0`,
        "UPDATE counted SET line = DEFAULT WHERE id = 1; INSERT INTO counted VALUES (3)",
        "UPDATE only_key SET a = a + 1; INSERT INTO only_key VALUES (1, 'x')",
      ],
      [`"Odd schema"."a ""b"" $c$"`, "counted", "only_key"],
    );
  });

  it("has unique values that rows exchange, exclusion constraints and deferrable keys", async () => {
    await carries(
      `CREATE EXTENSION btree_gist;
       CREATE TABLE seats (id int PRIMARY KEY, seat int UNIQUE DEFERRABLE, tag text UNIQUE);
       CREATE TABLE rooms (id int PRIMARY KEY, room int, during int4range, EXCLUDE USING gist (room WITH =, during WITH &&));
       CREATE TABLE steps (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, label text);
       INSERT INTO seats SELECT i, i, 't' || i FROM generate_series(1, 20) i;
       INSERT INTO rooms VALUES (1, 1, '[1,5)'), (2, 1, '[5,9)');
       INSERT INTO steps SELECT i, 's' || i FROM generate_series(1, 9) i`,
      [
        "UPDATE seats SET seat = 21 - seat",
        "UPDATE seats SET tag = NULL WHERE id < 3; UPDATE seats SET tag = 't1' WHERE id = 2; UPDATE seats SET tag = 't2' WHERE id = 1",
        "UPDATE rooms SET room = 2 WHERE id = 1; UPDATE rooms SET during = '[1,5)' WHERE id = 2; UPDATE rooms SET room = 1, during = '[5,9)' WHERE id = 1",
        "UPDATE steps SET id = id + 1",
        "UPDATE seats SET id = 30 WHERE id = 20; DELETE FROM seats WHERE id = 5; INSERT INTO seats VALUES (5, 16, 't5')",
      ],
      ["seats", "rooms", "steps"],
    );
  });

  it("is changed by more rows at once than fit in a message, and emptied", async () => {
    await carries(
      `CREATE TABLE big (id int PRIMARY KEY, n int, swap int UNIQUE, filler text);
       INSERT INTO big SELECT i, 0, i, repeat('x', 50) FROM generate_series(1, 6000) i`,
      [
        "UPDATE big SET n = n + 1; DELETE FROM big WHERE id % 3 = 0; INSERT INTO big SELECT i, 1, i, 'new' FROM generate_series(10000, 14000) i",
        "BEGIN; UPDATE big SET swap = -swap; UPDATE big SET swap = 20000 + swap; COMMIT",
        "TRUNCATE big; INSERT INTO big SELECT i, 1, i, 'again' FROM generate_series(1, 3000) i",
      ],
      ["big"],
    );
  });
});

describe("a table whose rows even its owner can't read", () => {
  it("is refused by name", async () => {
    const { primary, link } = await makePair(server(servers));
    await primary.query(`CREATE TABLE hidden (id int PRIMARY KEY);
      ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY`);
    await expect(link().init({})).rejects.toThrow(/public\.hidden of primary has policies/);
  });
});

describe("tables without a key", () => {
  const schema =
    "CREATE TABLE keyed (id int PRIMARY KEY); CREATE TABLE loose (n int); CREATE TABLE unique_only (n int NOT NULL UNIQUE, t text)";

  it("are refused by name", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    await primary.query(schema);
    const refusal = await link()
      .init({})
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RefusedError);
    expect(refusal).toMatchObject({
      code: "table-without-key",
      message: expect.stringContaining("public.loose"),
    });
    expect(await mirror.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  });

  it("are left out when the app says so, and told of; a unique key is as good as a primary one", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    await primary.query(`${schema}; INSERT INTO loose VALUES (1); INSERT INTO unique_only VALUES (1, 'a')`);
    const there = link({ withoutKey: "skip" });
    await there.init({});
    await primary.query("INSERT INTO loose VALUES (2); UPDATE unique_only SET n = 5, t = 'b'");
    await settle(there, primary);
    expect(await contents(mirror, ["loose", "unique_only"])).toEqual({ loose: [], unique_only: ["(5,b)"] });
    expect((await there.status()).notes.join()).toMatch(/public\.loose has no primary key/);
  });

  it("and excluded ones stay on their own side, where they may be written", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    await primary.query(
      `${schema}; DROP TABLE loose; CREATE TABLE local (n int); INSERT INTO local VALUES (1)`,
    );
    const there = link({ exclude: ["public.local"] });
    await there.init({});
    await mirror.query("INSERT INTO local VALUES (99)");
    await expect(mirror.query("INSERT INTO keyed VALUES (99)")).rejects.toThrow(/mirror is standby/);
    await primary.query("INSERT INTO local VALUES (2)");
    await settle(there, primary);
    expect(await contents(mirror, ["local"])).toEqual({ local: ["(99)"] });
  });
});
