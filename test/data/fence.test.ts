import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { contents, makePair, open, running, type Site, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(2);
const twoServers = () => makePair(server(servers, 0), server(servers, 1));
const schema = "CREATE TABLE events (id bigserial PRIMARY KEY, writer int, at timestamptz DEFAULT now())";

/** A visitor that writes until it is refused, and keeps what was acknowledged. */
async function write(site: Site, writer: number, isolation: string): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  const client = await open(site.url);
  try {
    for (;;) {
      await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
      const { rows } = await client.query(`INSERT INTO events (writer) VALUES (${writer}) RETURNING id`);
      if (writer % 3 === 0) await sleep(20);
      await client.query("COMMIT");
      acknowledged.push(rows[0].id);
    }
  } catch {
    return acknowledged;
  } finally {
    await client.end().catch(() => {});
  }
}

describe("a fence", () => {
  it("loses no acknowledged write, whoever writes while it falls", async () => {
    const { primary, mirror, link } = await makePair(server(servers));
    await primary.query(schema);
    const there = link();
    await there.init({});
    running(link());
    const isolations = ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"];
    const writers = Array.from({ length: 9 }, (_, index) =>
      write(primary, index, isolations[index % 3] ?? ""),
    );
    // One that has begun, and seen the old state of things, but not written yet; and one that has written and won't end.
    const early = await primary.connect();
    await early.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events");
    const stuck = await primary.connect();
    await stuck.query("BEGIN; INSERT INTO events (writer) VALUES (100)");
    await sleep(700);
    const position = await there.fence(5);
    await expect(early.query("INSERT INTO events (writer) VALUES (101); COMMIT")).rejects.toThrow();
    await expect(stuck.query("COMMIT")).rejects.toThrow();
    const acknowledged = (await Promise.all(writers)).flat();
    await there.drain(position);
    await there.promote(5);
    const have = new Set((await mirror.query("SELECT id FROM events")).map((row) => row.id));
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((id) => !have.has(id))).toEqual([]);
    expect(await contents(mirror, ["events"])).toEqual(await contents(primary, ["events"]));
    // No value of the sequence comes twice.
    const [next] = await mirror.query("INSERT INTO events (writer) VALUES (200) RETURNING id");
    expect(acknowledged).not.toContain(next?.id);
  });

  it("makes a promotion under an older epoch impossible, as does a copy that isn't whole", async () => {
    const { primary, link } = await makePair(server(servers));
    await primary.query(schema);
    const there = link();
    await expect(there.promote(3)).rejects.toMatchObject({ code: "link-absent" });
    const controller = new AbortController();
    const cut = there.init({
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("cut off")),
    });
    await expect(cut).rejects.toThrow("cut off");
    await expect(there.promote(3)).rejects.toMatchObject({ rule: "promote-only-what-is-whole" });
    await there.init({});
    await there.drain(await there.fence(3));
    await expect(there.promote(2)).rejects.toMatchObject({ rule: "stale-epoch" });
  });
});

describe("an ungraceful cutover", () => {
  it("loses no more than it declares, and what was lost is counted and kept when the old primary returns", async () => {
    const { primary, mirror, link, back } = await twoServers();
    await primary.query(schema);
    const there = link();
    await there.init({});
    const process = running(link());
    const client = await primary.connect();
    const acknowledged: string[] = [];
    const until = performance.now() + 2_500;
    while (performance.now() < until) {
      const { rows } = await client.query("INSERT INTO events (writer) VALUES (1) RETURNING id");
      acknowledged.push(rows[0].id);
      await sleep(5);
    }
    // The link is cut off while writes go on; then the server is gone.
    await process.stop();
    await sleep(300);
    for (let count = 0; count < 20; count++) {
      const { rows } = await client.query("INSERT INTO events (writer) VALUES (1) RETURNING id");
      acknowledged.push(rows[0].id);
      await sleep(5);
    }
    await server(servers, 0).crash();
    const status = await there.status({ timeoutMs: 3_000 });
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
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThanOrEqual(Math.ceil(declared));
    const [next] = await mirror.query("INSERT INTO events (writer) VALUES (2) RETURNING id");
    expect(acknowledged).not.toContain(next?.id);

    // It comes back with its app, which thinks it is active, until the link of the way back has reached it.
    await server(servers, 0).recover();
    await expect
      .poll(async () =>
        primary.query("INSERT INTO events (writer) VALUES (3)").then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    running(back());
    await expect.poll(async () => (await back().status()).lost, { timeout: 20_000 }).toBe(lost.length + 1);
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
