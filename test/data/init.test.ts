import { describe, expect, it } from "vitest";
import { makePair, open, same, server, settle, useServers } from "./support/pair.ts";

const servers = useServers(1);
const schema = `CREATE TABLE items (id int PRIMARY KEY, name text, n int DEFAULT 0);
  INSERT INTO items SELECT i, 'item ' || i, i FROM generate_series(1, 500) i`;

describe("init", { timeout: 180_000 }, () => {
  it("goes on where it was cut off", async () => {
    const pair = await makePair(server(servers));
    await pair.primary.query(`CREATE TABLE first (id int PRIMARY KEY); INSERT INTO first VALUES (1);
      CREATE TABLE second (id int PRIMARY KEY, filler text); CREATE INDEX ON second (filler);
      INSERT INTO second SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i`);
    const admin = await open(server(servers).superuserUrl);
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
    let ended: Promise<unknown> | undefined;
    await pair.link().init({
      onProgress: ({ table }) => {
        if (table !== "public.second") return;
        ended ??= admin.query(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'understudy link'",
        );
      },
    });
    expect(ended).toBeDefined();
    await ended;
    await admin.end();
    await settle(pair.link(), pair.primary);
    expect(await same(pair, ["first", "second"])).toBe(true);
    const indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";
    expect(await pair.mirror.query(indexes)).toEqual(await pair.primary.query(indexes));
  });

  it("asks before it replaces what a target has, and takes a schema that is there already", async () => {
    const pair = await makePair(server(servers));
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
    const { primary, link } = await makePair(server(servers));
    const url = new URL(primary.url);
    url.password = "not-the-password";
    primary.url = url.href;
    let failure: unknown;
    const fence = async () => {
      failure = await link()
        .fence(1, { timeoutMs: 1_500 })
        .catch((error: unknown) => error);
      return failure;
    };
    // Where not even one try comes to its end within the time, there is nothing to say yet.
    await expect.poll(fence, { timeout: 50_000 }).toMatchObject({
      code: "link-timeout",
      message: expect.stringMatching(/primary .* can't be used/),
    });
    expect(String(failure)).not.toContain("not-the-password");
    const status = await link().status();
    expect(status).toMatchObject({ state: "absent", sourceReachable: false, targetReachable: true });
  });
});
