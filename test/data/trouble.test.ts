import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { contents, makePair, type Pair, running, same, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(2);
const schema = `CREATE TABLE items (id int PRIMARY KEY, name text, n int DEFAULT 0);
  INSERT INTO items SELECT i, 'item ' || i, i FROM generate_series(1, 500) i`;

async function started(twoServers = false, tables = schema): Promise<Pair> {
  const pair = await makePair(server(servers, 0), server(servers, twoServers ? 1 : 0));
  await pair.primary.query(tables);
  await pair.link().init({});
  return pair;
}

const patience = { timeout: 60_000, interval: 200 };

describe("a running link", { timeout: 180_000 }, () => {
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
    const first = "SELECT token FROM items WHERE id = 1";
    const [here] = await primary.query(`${migration}; ${first}`);
    const [there] = await mirror.query(`${migration}; ${first}`);
    expect(there).not.toEqual(here);
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

  it("follows nobody but the database that it was copied from", async () => {
    const pair = await started();
    await pair.primary.query("UPDATE understudy.state SET id = gen_random_uuid()");
    const status = await pair.link().status();
    expect(status).toMatchObject({ state: "absent", promotable: { ok: false } });
    expect(status.notes.join()).toMatch(/has never followed/);
    await pair.link().init({ reseed: true });
    expect(await same(pair, ["items"])).toBe(true);
    // The log is emptied behind what was confirmed; a standby put back to an older state can't go on from it.
    const [old] = await pair.mirror.query("SELECT snapshot FROM understudy.progress");
    const link = running(pair.link());
    await pair.primary.query("UPDATE items SET n = n + 1");
    await expect
      .poll(() => pair.primary.query("SELECT FROM understudy.changes").then((rows) => rows.length), patience)
      .toBe(0);
    await link.stop();
    await pair.mirror.query(`UPDATE understudy.progress SET snapshot = '${old?.snapshot}'`);
    await expect(settle(pair.link(), pair.primary)).rejects.toMatchObject({ code: "log-cut" });
  });
});

const events = "CREATE TABLE events (id bigserial PRIMARY KEY, writer int, at timestamptz DEFAULT now())";

describe("an ungraceful cutover", { timeout: 180_000 }, () => {
  it("loses no more than it declares, and what was lost is counted and kept when the old primary returns", async () => {
    const { primary, mirror, warnings, link, back } = await makePair(server(servers, 0), server(servers, 1));
    await primary.query(events);
    const there = link();
    await there.init({});
    const process = running(link());
    const client = await primary.connect();
    const acknowledged: string[] = [];
    const write = async () => {
      const { rows } = await client.query("INSERT INTO events (writer) VALUES (1) RETURNING id");
      acknowledged.push(rows[0].id);
    };
    const begun = performance.now();
    while (performance.now() < begun + 2_500) {
      await write();
      await sleep(5);
    }
    const meanMs = (performance.now() - begun) / acknowledged.length;
    await expect
      .poll(() => contents(mirror, ["events"]), patience)
      .toEqual(await contents(primary, ["events"]));
    // The link is cut off while writes go on, well below the rate that it has seen; then the server is gone.
    for (let count = 0; count < 20; count++) {
      if (count === 5) await process.stop();
      await write();
      await sleep(6 * meanMs);
    }
    await server(servers, 0).crash();
    const status = await there.status();
    expect(status).toMatchObject({
      sourceReachable: false,
      targetReachable: true,
      lag: undefined,
      promotable: { ok: true },
    });
    const declared = ((Date.now() - (status.lastReadAt ?? 0)) / 1_000) * (status.writesPerSecond ?? 0);
    const promotion = await there.promote(9);
    expect(promotion.notes.join()).toMatch(/10000 steps past/);
    const have = new Set((await mirror.query("SELECT id FROM events")).map((row) => row.id));
    const lost = acknowledged.filter((id) => !have.has(id));
    expect(lost.length).toBeGreaterThanOrEqual(15);
    expect(lost.length).toBeLessThanOrEqual(Math.ceil(declared));
    const [next] = await mirror.query("INSERT INTO events (writer) VALUES (2) RETURNING id");
    expect(acknowledged).not.toContain(next?.id);

    // It comes back with its app, which thinks it is active, until the link of the way back has reached it.
    await server(servers, 0).recover();
    await expect
      .poll(
        () =>
          primary.query("INSERT INTO events (writer) VALUES (3)").then(
            () => true,
            () => false,
          ),
        patience,
      )
      .toBe(true);
    running(back());
    // It says so once the old primary is fenced and its sessions are ended.
    await expect.poll(() => warnings.join(), patience).toMatch(/never reached mirror/);
    expect((await back().status()).lost).toBe(lost.length + 1);
    const late = await primary.connect();
    await late.query("SET default_transaction_read_only = off");
    await expect(late.query("INSERT INTO events (writer) VALUES (4)")).rejects.toThrow(/primary is fenced/);
    const seen = await back().status();
    expect(seen).toMatchObject({ state: "absent", promotable: { ok: false } });
    expect(seen.notes.join()).toMatch(/public\.events \d+/);
    await expect(back().init({})).rejects.toMatchObject({ code: "lost-changes" });
    await back().init({ reseed: true });
    await settle(back(), mirror);
    expect(await contents(primary, ["events"])).toEqual(await contents(mirror, ["events"]));
    const kept = await primary.query("SELECT row ->> 'id' AS id FROM understudy.lost");
    expect(new Set(kept.map((row) => row.id))).toEqual(new Set([...lost, expect.any(String)]));
  });
});
