import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { contents, makePair, open, running, type Site, server, useServers } from "./support/pair.ts";

const servers = useServers(1);
const schema = "CREATE TABLE events (id bigserial PRIMARY KEY, writer int, at timestamptz DEFAULT now())";

/** A visitor that writes until it is refused, and keeps what was acknowledged. */
async function write(site: Site, writer: number, isolation: string, acknowledged: string[]): Promise<void> {
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
    // The fence has fallen.
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
    const written = Array.from({ length: 9 }, (): string[] => []);
    const writers = written.map((ids, index) => write(primary, index, isolations[index % 3] ?? "", ids));
    // One that has begun, and seen the old state of things, but not written yet; and one that has written and won't end.
    const early = await primary.connect();
    await early.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events");
    const stuck = await primary.connect();
    await stuck.query("BEGIN; INSERT INTO events (writer) VALUES (100)");
    // All are in the midst of it.
    while (written.some((ids) => ids.length < 10)) await sleep(20);
    const position = await there.fence(5);
    await expect(early.query("INSERT INTO events (writer) VALUES (101); COMMIT")).rejects.toThrow();
    await expect(stuck.query("COMMIT")).rejects.toThrow();
    await Promise.all(writers);
    const acknowledged = written.flat();
    await there.drain(position);
    await there.promote(5);
    const have = new Set((await mirror.query("SELECT id FROM events")).map((row) => row.id));
    expect(acknowledged.filter((id) => !have.has(id))).toEqual([]);
    expect(await contents(mirror, ["events"])).toEqual(await contents(primary, ["events"]));
    // No value of the sequence comes twice.
    const [next] = await mirror.query("INSERT INTO events (writer) VALUES (200) RETURNING id");
    expect(acknowledged).not.toContain(next?.id);
  });

  it("that was broken off in its wait is undone, also where its turn comes after that", async () => {
    const { primary, link } = await makePair(server(servers));
    await primary.query(schema);
    await link().init({});
    const writer = await primary.connect();
    await writer.query("BEGIN; INSERT INTO events (writer) VALUES (1)");
    const interrupt = new AbortController();
    const fence = link().fence(5, { signal: interrupt.signal });
    const waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
    while ((await primary.query(waits)).length === 0) await sleep(5);
    interrupt.abort(new Error("enough"));
    await expect(fence).rejects.toThrow("enough");
    const undone = link().unfence(5);
    await sleep(100);
    await writer.query("COMMIT");
    await undone;
    await primary.query("INSERT INTO events (writer) VALUES (2)");
    // Nothing of it comes later either.
    await sleep(1_500);
    await primary.query("INSERT INTO events (writer) VALUES (3)");
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
