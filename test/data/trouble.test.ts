import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { contents, makePair, open, type Pair, running, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(2);
const schema = `CREATE TABLE items (id int PRIMARY KEY, name text, n int DEFAULT 0);
  INSERT INTO items SELECT i, 'item ' || i, i FROM generate_series(1, 500) i`;

async function started(twoServers = false, tables = schema): Promise<Pair> {
  const pair = await makePair(server(servers, 0), server(servers, twoServers ? 1 : 0));
  await pair.primary.query(tables);
  await pair.link().init({});
  return pair;
}

async function same({ primary, mirror }: Pair, tables: readonly string[]): Promise<boolean> {
  const [here, there] = [await contents(primary, tables), await contents(mirror, tables)];
  return JSON.stringify(here) === JSON.stringify(there);
}

const patience = { timeout: 20_000, interval: 200 };

describe("a running link", () => {
  it("survives rotated credentials and crashes of either server", async () => {
    const pair = await started(true);
    const { primary, mirror } = pair;
    running(pair.link());
    primary.url = (await server(servers, 0).rotate(primary.id)).url;
    await primary.query("UPDATE items SET n = n + 1");
    await expect.poll(() => same(pair, ["items"]), patience).toBe(true);
    mirror.url = (await server(servers, 1).rotate(mirror.id)).url;
    await primary.query("DELETE FROM items WHERE id = 3");
    await expect.poll(() => same(pair, ["items"]), patience).toBe(true);
    for (const index of [0, 1]) {
      await server(servers, index).crash();
      await sleep(300);
      await server(servers, index).recover();
      await expect
        .poll(
          () =>
            primary.query("UPDATE items SET n = n + 1").then(
              () => true,
              () => false,
            ),
          patience,
        )
        .toBe(true);
      await expect.poll(() => same(pair, ["items"]), patience).toBe(true);
    }
    expect((await pair.link().status()).promotable).toEqual({ ok: true });
  });

  it("holds when the schemas differ, says how, and goes on once they agree", async () => {
    const pair = await started();
    const { primary, mirror } = pair;
    const link = pair.link();
    await primary.query(
      "ALTER TABLE items ADD COLUMN extra int NOT NULL DEFAULT 7; UPDATE items SET extra = id, name = 'later' WHERE id < 9",
    );
    await expect(settle(link, primary)).rejects.toThrow(
      /public\.items\.extra \(integer not null\) is at primary but not at mirror/,
    );
    const status = await link.status();
    expect(status).toMatchObject({ state: "drifted", promotable: { ok: false } });
    // Nothing was applied by guess, also of the columns that both have.
    expect(await mirror.query("SELECT 1 FROM items WHERE name = 'later'")).toEqual([]);
    await mirror.query("ALTER TABLE items ADD COLUMN extra int NOT NULL DEFAULT 7");
    await settle(link, primary);
    expect(await same(pair, ["items"])).toBe(true);
    expect((await link.status()).state).toBe("following");
  });

  it("copies a table anew when a migration gave its rows other values at each site", async () => {
    const pair = await started();
    const { primary, mirror } = pair;
    running(pair.link());
    // Each site evaluates the default for its own rows, and no trigger sees it.
    const migration =
      "ALTER TABLE items ADD COLUMN at timestamptz DEFAULT now(), ADD COLUMN token uuid DEFAULT gen_random_uuid()";
    await primary.query(migration);
    await mirror.query(migration);
    expect(await same(pair, ["items"])).toBe(false);
    await expect.poll(() => same(pair, ["items"]), patience).toBe(true);
    // A constant one needs no copy: both sites gave the same.
    const before = await mirror.query("SELECT max(xmin::text) AS x FROM items");
    for (const site of [primary, mirror])
      await site.query("ALTER TABLE items ADD COLUMN kind text DEFAULT 'plain', DROP COLUMN n");
    await settle(pair.link(), primary);
    expect(await same(pair, ["items"])).toBe(true);
    expect(await mirror.query("SELECT max(xmin::text) AS x FROM items")).toEqual(before);
  });

  it("never makes the app's writes fail, whatever the app migrates, and follows once both sites have it", async () => {
    const pair = await started();
    const { primary, mirror } = pair;
    running(pair.link());
    const steps = [
      "ALTER TABLE items RENAME COLUMN id TO item_id",
      "ALTER TABLE items ALTER COLUMN item_id TYPE bigint",
      "ALTER TABLE items RENAME TO things",
      "ALTER TABLE things DROP CONSTRAINT items_pkey, ADD PRIMARY KEY (name)",
      "ALTER TABLE things DROP COLUMN item_id",
      "CREATE TABLE fresh (id int PRIMARY KEY, thing text REFERENCES things)",
    ];
    const writes = [
      "UPDATE items SET n = n + 1",
      "DELETE FROM items WHERE name = 'item 7'",
      "INSERT INTO items (name) VALUES ('fresh')",
    ];
    const app = await primary.connect();
    for (const [index, step] of steps.entries()) {
      await app.query(step);
      const table = index < 2 ? "items" : "things";
      const idColumn = index === 0 ? "item_id" : index < 4 ? "item_id" : undefined;
      for (const write of writes) {
        const text = write.replace("items", table);
        const named = text.replace(
          "(name) VALUES ('fresh')",
          idColumn === undefined
            ? `(name) VALUES ('fresh ${index}')`
            : `(name, ${idColumn}) VALUES ('fresh ${index}', ${1000 + index})`,
        );
        await app.query(named);
      }
    }
    await app.query("INSERT INTO fresh VALUES (1, 'fresh 5')");
    await expect.poll(async () => (await pair.link().status()).state, patience).toBe("drifted");
    for (const step of steps) await mirror.query(step);
    await expect.poll(() => same(pair, ["things", "fresh"]), patience).toBe(true);
    await app.query(
      "UPDATE things SET name = 'renamed' WHERE name = 'item 8'; INSERT INTO fresh VALUES (2, 'renamed')",
    );
    await expect.poll(() => same(pair, ["things", "fresh"]), patience).toBe(true);
    await expect.poll(async () => (await pair.link().status()).promotable, patience).toEqual({ ok: true });
  });

  it("does nothing in the wrong direction, and nothing twice", async () => {
    const pair = await started();
    running(pair.link());
    running(pair.link());
    running(pair.back());
    await pair.primary.query("UPDATE items SET n = n + 1");
    await expect.poll(() => same(pair, ["items"]), patience).toBe(true);
    expect((await pair.back().status()).state).toBe("absent");
    await expect(pair.back().init({})).rejects.toMatchObject({ code: "wrong-direction" });
  });

  it("says so when the source is not the one it followed", async () => {
    const pair = await started();
    await pair.primary.query("UPDATE understudy.state SET id = gen_random_uuid()");
    const status = await pair.link().status();
    expect(status).toMatchObject({ state: "absent", promotable: { ok: false } });
    expect(status.notes.join()).toMatch(/has never followed/);
    await pair.link().init({ reseed: true });
    await settle(pair.link(), pair.primary);
    expect(await same(pair, ["items"])).toBe(true);
  });
});

describe("init", () => {
  it("goes on where it was cut off", async () => {
    const pair = await makePair(server(servers, 0), server(servers, 1));
    await pair.primary.query(`CREATE TABLE first (id int PRIMARY KEY); INSERT INTO first VALUES (1);
      CREATE TABLE second (id int PRIMARY KEY, filler text); CREATE INDEX ON second (filler);
      INSERT INTO second SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`);
    const admin = await open(server(servers, 1).superuserUrl);
    for (const table of ["public.first", "public.second"]) {
      const controller = new AbortController();
      const cut = pair.link().init({
        signal: controller.signal,
        onProgress: (progress) => {
          if (progress.table === table) controller.abort(new Error("cut off"));
        },
      });
      await expect(cut).rejects.toThrow("cut off");
      expect((await pair.link().status()).state).toBe("copying");
      await pair.primary.query(
        "INSERT INTO first SELECT max(id) + 1 FROM first; DELETE FROM second WHERE id = (SELECT min(id) FROM second)",
      );
    }
    // A lost connection is no reason to give up.
    let lost = false;
    await pair.link().init({
      onProgress: ({ table }) => {
        if (table !== "public.second" || lost) return;
        lost = true;
        void admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'understudy link'",
        );
      },
    });
    await admin.end();
    expect(lost).toBe(true);
    await settle(pair.link(), pair.primary);
    expect(await same(pair, ["first", "second"])).toBe(true);
    const indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
    expect(await pair.mirror.query(indexes)).toEqual(await pair.primary.query(indexes));
  });

  it("asks before it replaces what a target has, and takes a schema that is there already", async () => {
    const pair = await makePair(server(servers, 0));
    const { primary, mirror, link } = pair;
    await primary.query(schema);
    await mirror.query(
      "CREATE TABLE items (id int PRIMARY KEY, name text, n int DEFAULT 0); INSERT INTO items VALUES (-1)",
    );
    await expect(link().init({})).rejects.toMatchObject({ code: "target-not-empty" });
    await mirror.query("TRUNCATE items");
    await link().init({});
    expect(await same(pair, ["items"])).toBe(true);
    await link().drop();
    await mirror.query(
      "ALTER TABLE items DROP COLUMN n; CREATE VIEW names AS SELECT name FROM items; DELETE FROM items",
    );
    await expect(link().init({})).rejects.toMatchObject({ code: "target-differs" });
    await link().init({ reseed: true });
    expect(await same(pair, ["items"])).toBe(true);
    expect(await mirror.query("SELECT 1 FROM pg_views WHERE viewname = 'names'")).toEqual([]);
  });

  it("says what is wrong with a database that can't be reached", async () => {
    const { primary, link } = await makePair(server(servers, 0));
    const url = new URL(primary.url);
    url.password = "not-the-password";
    primary.url = url.href;
    const error = await link()
      .fence(1, { timeoutMs: 1_500 })
      .catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: "link-timeout",
      message: expect.stringMatching(/primary .* can't be used/),
    });
    expect(String(error)).not.toContain("not-the-password");
    const status = await link().status();
    expect(status).toMatchObject({ state: "absent", sourceReachable: false, targetReachable: true });
  });
});
