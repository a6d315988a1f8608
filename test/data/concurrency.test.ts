import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Link } from "../../src/data/contract.ts";
import { contents, makePair, open, settle, useServers } from "./support/pair.ts";
import { type Random, seeded } from "./support/random.ts";

const servers = useServers(1);

// Few rows, so that writers meet; a trigger that changes the row again that was just changed, and cascades of both kinds,
// so that statements nest; a unique column whose values move from row to row.
const schema = `
  CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL, touched int NOT NULL DEFAULT 0, tag text UNIQUE);
  CREATE TABLE entries (account int NOT NULL REFERENCES accounts ON DELETE CASCADE ON UPDATE CASCADE, line int, note text,
    PRIMARY KEY (account, line));
  CREATE TABLE nodes (id int PRIMARY KEY, parent int REFERENCES nodes ON DELETE SET NULL ON UPDATE CASCADE, label text);
  CREATE TABLE scratch (id int PRIMARY KEY, n int);
  CREATE FUNCTION count_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.touched = OLD.touched THEN UPDATE accounts SET touched = touched + 1 WHERE id = NEW.id; END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER count_touch AFTER UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION count_touch();
  INSERT INTO accounts SELECT i, 0, 0, 't' || i FROM generate_series(1, 30) i;
  INSERT INTO nodes SELECT i, nullif(i / 2, 0), 'n' FROM generate_series(1, 30) i;`;
const tables = ["accounts", "entries", "nodes", "scratch"];

function statement(random: Random): string {
  const [a, b] = [1 + random.below(30), 1 + random.below(30)];
  return random.pick([
    `UPDATE accounts SET balance = balance + 1 WHERE id = ${a}`,
    `UPDATE accounts SET balance = balance - 1 WHERE id BETWEEN ${a} AND ${a + 5}`,
    `INSERT INTO accounts VALUES (${a}, 1, 0, 't${a}') ON CONFLICT (id) DO UPDATE SET balance = excluded.balance + accounts.balance`,
    `DELETE FROM accounts WHERE id = ${a}`,
    `UPDATE accounts SET id = ${b} WHERE id = ${a} AND NOT EXISTS (SELECT FROM accounts WHERE id = ${b})`,
    `WITH two AS (SELECT id FROM accounts ORDER BY id LIMIT 2 OFFSET ${random.below(20)})
       UPDATE accounts SET tag = NULL WHERE id IN (SELECT id FROM two)`,
    `UPDATE accounts SET tag = 't${b}' WHERE id = ${a} AND tag IS NULL`,
    `INSERT INTO entries SELECT id, ${random.below(5)}, 'e' FROM accounts WHERE id = ${a} ON CONFLICT DO NOTHING`,
    `UPDATE entries SET line = line + 10 WHERE account = ${a}`,
    `DELETE FROM entries WHERE account = ${a}`,
    `UPDATE nodes SET parent = ${b} WHERE id = ${a} AND EXISTS (SELECT FROM nodes WHERE id = ${b})`,
    `UPDATE nodes SET id = id + 100 WHERE id BETWEEN ${a} AND ${a + 3}`,
    `UPDATE nodes SET id = id - 100 WHERE id > 100`,
    `DELETE FROM nodes WHERE id = ${a}`,
    `INSERT INTO nodes VALUES (${a}, NULL, 'again') ON CONFLICT DO NOTHING`,
    `INSERT INTO scratch SELECT i, ${b} FROM generate_series(${a}, ${a + 10}) i ON CONFLICT (id) DO UPDATE SET n = excluded.n`,
    `TRUNCATE scratch`,
  ]);
}

/** One transaction: some statements, savepoints that are taken back, a pause before the end, and now and then no commit. */
async function transact(client: pg.Client, random: Random): Promise<boolean> {
  const isolation = random.pick(["READ COMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]);
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
    for (let count = 1 + random.below(4); count > 0; count--) {
      if (random.next() < 0.3) {
        await client.query("SAVEPOINT s");
        await client.query(statement(random));
        await client.query(random.next() < 0.5 ? "ROLLBACK TO SAVEPOINT s" : "RELEASE SAVEPOINT s");
      } else await client.query(statement(random));
    }
    if (random.next() < 0.4) await sleep(random.below(30));
    await client.query(random.next() < 0.2 ? "ROLLBACK" : "COMMIT");
    return true;
  } catch {
    // Deadlocks, serialization failures and unique violations: part of the game.
    await client.query("ROLLBACK").catch(() => {});
    return false;
  }
}

/** A link that is run, cut off at random and started again, until told to end. */
function harass(link: Link, random: Random, until: AbortSignal) {
  const harassed = { lives: 0, ended: Promise.resolve() };
  const go = async () => {
    while (!until.aborted) {
      const life = AbortSignal.any([until, AbortSignal.timeout(50 + random.below(400))]);
      await link.run({ signal: life });
      harassed.lives++;
    }
  };
  harassed.ended = go();
  return harassed;
}

describe("a trigger link under concurrent writers", () => {
  for (const seed of [1, 2]) {
    it(`has the same rows at both ends in the end, seed ${seed}`, async () => {
      const random = seeded(seed);
      const { primary, mirror, link } = await makePair(servers[0] as never);
      await primary.query(schema);
      const over = new AbortController();
      onTestFinished(() => over.abort());
      let committed = 0;
      const writers = Array.from({ length: 6 }, async (_, index) => {
        const own = seeded(seed * 100 + index);
        const client = await primary.connect();
        while (!over.signal.aborted) if (await transact(client, own)) committed++;
      });
      // The copy is made while they write.
      await link().init({});
      const done = new AbortController();
      onTestFinished(() => done.abort());
      const appliers = [harass(link(), random, done.signal), harass(link(), seeded(seed + 50), done.signal)];
      const killer = (async () => {
        const admin = await open((servers[0] as never as { superuserUrl: string }).superuserUrl);
        while (!done.signal.aborted) {
          await sleep(100 + random.below(500));
          await admin.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'understudy link' AND random() < 0.4",
          );
        }
        await admin.end();
      })();
      await sleep(2_500);
      while (committed < 100 || appliers.some(({ lives }) => lives < 3)) await sleep(50);
      over.abort();
      await Promise.all(writers);
      done.abort();
      await Promise.all(appliers.map(({ ended }) => ended));
      await killer;
      await settle(link(), primary);
      expect(await contents(mirror, tables)).toEqual(await contents(primary, tables));
    }, 180_000);
  }
});
