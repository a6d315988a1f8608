import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { makePair, open, type Pair, server, useServers } from "./support/pair.ts";

const servers = useServers(1);

/** Has a table's autovacuum under way, in so small bites that it would take minutes. */
async function slowVacuum({ primary }: Pair): Promise<() => Promise<boolean>> {
  const admin = await open(server(servers).superuserUrl);
  onTestFinished(() => admin.end());
  await admin.query("ALTER SYSTEM SET autovacuum_naptime = '1s'");
  await admin.query("SELECT pg_reload_conf()");
  await primary.query(`
    CREATE TABLE items (id int PRIMARY KEY, filler text) WITH (autovacuum_vacuum_threshold = 0,
      autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
    INSERT INTO items SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i;
    DELETE FROM items WHERE id % 2 = 0`);
  const isVacuuming = async () => {
    const { rows } = await admin.query(
      "SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND query LIKE '%VACUUM%public.items%'",
    );
    return rows.length > 0;
  };
  while (!(await isVacuuming())) await sleep(100);
  return isVacuuming;
}

// Postgres ends an autovacuum that somebody waits for, but looks for it only after deadlock_timeout, a second.
it("makes a table's autovacuum give way to a link's triggers", { timeout: 180_000 }, async () => {
  const pair = await makePair(server(servers));
  const isVacuuming = await slowVacuum(pair);
  await pair.link().init({});
  expect((await pair.link().status()).promotable).toEqual({ ok: true });
  // Nor did it wait for the end of it: there is more to do than the moment that the init took.
  const rest = await pair.primary.query("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'items'");
  expect(Number(rest[0]?.n_dead_tup) > 0 || (await isVacuuming())).toBe(true);
});
