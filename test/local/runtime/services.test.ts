import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database, RedisInstance } from "../../../src/local/runtime/contract.ts";
import { createRuntime } from "../../../src/local/runtime/runtime.ts";
import { eventually, processesNaming } from "../../support/process.ts";
import { openRuntime, type TestRuntime, testFlavour } from "../../support/runtime.ts";

let suite: TestRuntime;
beforeAll(async () => {
  suite = await openRuntime();
});
afterAll(() => suite.close());

async function connected(database: Database, ssl = false): Promise<Client> {
  const { host, port, user, password, database: name } = database;
  const client = new Client({
    host,
    port,
    user,
    password,
    database: name,
    ...(ssl ? { ssl: { rejectUnauthorized: false } } : {}),
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** What the last of some statements gives, on a connection of their own. */
async function query(database: Database, statement: string): Promise<readonly unknown[]> {
  const client = await connected(database);
  try {
    const results = [await client.query({ text: statement, rowMode: "array" })].flat();
    return results.at(-1)?.rows.flat() ?? [];
  } finally {
    await client.end();
  }
}

/** What a Redis answers to lines of its inline protocol. */
function tell({ host, port }: RedisInstance, ...lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => socket.end(`${[...lines, "QUIT"].join("\r\n")}\r\n`));
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.once("close", () => resolve(text));
    socket.once("error", reject);
  });
}

test("a database has an owner as unprivileged as on Heroku", async () => {
  const database = await suite.runtime.postgres.create("plain");
  expect(await suite.runtime.postgres.create("plain")).toEqual(database);
  expect(await suite.runtime.postgres.get("plain")).toEqual(database);
  expect(await suite.runtime.postgres.get("none")).toBeUndefined();
  const rights =
    "SELECT bool_or(rolsuper), bool_or(rolcreatedb), bool_or(rolcreaterole), bool_or(rolreplication) FROM pg_roles";
  expect(await query(database, `${rights} WHERE rolname IN (current_user, session_user)`)).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(await query(database, "SHOW wal_level")).toEqual(["replica"]);
  expect(await query(database, "SHOW fsync")).toEqual(["on"]);
  await expect(query(database, "CREATE ROLE other")).rejects.toMatchObject({ code: "42501" });
  await expect(query(database, "CREATE DATABASE other")).rejects.toMatchObject({ code: "42501" });
  await expect(query(database, "SELECT pg_create_physical_replication_slot('x')")).rejects.toMatchObject({
    code: "42501",
  });
  await query(
    database,
    "CREATE SCHEMA extra; CREATE EXTENSION pgcrypto; CREATE TABLE t (id int PRIMARY KEY)",
  );
  const roles = ["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_signal_backend"];
  const isMember = roles.map((role) => `pg_has_role('${role}', 'MEMBER')`).join(", ");
  expect(await query(database, `SELECT ${isMember}`)).toEqual([true, true, true, true]);
});

test("databases are closed to each other, and to those without the password", async () => {
  const [one, two] = [await suite.runtime.postgres.create("one"), await suite.runtime.postgres.create("two")];
  await expect(connected({ ...one, database: two.database })).rejects.toMatchObject({ code: "42501" });
  await expect(connected({ ...one, password: "guessed" })).rejects.toMatchObject({ code: "28P01" });
});

test("connections may be encrypted, or not", async () => {
  const client = await connected(await suite.runtime.postgres.create("plain"), true);
  const { rows } = await client.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
  await client.end();
  expect(rows).toEqual([{ ssl: true }]);
});

test("rotation ends old sessions and lets the new login do all that the old one did", async () => {
  const { postgres } = suite.runtime;
  const old = await postgres.create("rotated");
  await query(
    old,
    "CREATE TABLE kept (id int PRIMARY KEY); INSERT INTO kept VALUES (1); CREATE TYPE mood AS ENUM ('sad')",
  );
  // An app may step out of the owner role: what it makes then is its login's own.
  await query(old, "SET ROLE NONE; CREATE SCHEMA IF NOT EXISTS mine");
  const session = await connected(old);
  const ended = new Promise((resolve) => session.once("end", resolve));
  const renewed = await postgres.rotate("rotated");
  await ended;
  expect(renewed.user).not.toBe(old.user);
  expect(renewed.password).not.toBe(old.password);
  expect({ ...renewed, user: "", password: "" }).toEqual({ ...old, user: "", password: "" });
  await expect(connected(old)).rejects.toMatchObject({ code: "28P01" });
  await query(
    renewed,
    "ALTER TABLE kept ADD COLUMN note text; ALTER TYPE mood ADD VALUE 'glad'; DROP SCHEMA mine",
  );
  await query(
    renewed,
    "CREATE TRIGGER t BEFORE UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
  );
  const again = await postgres.rotate("rotated");
  expect(await query(again, "SELECT id FROM kept")).toEqual([1]);
  await query(again, "ALTER TABLE kept DROP COLUMN note");
  expect(await postgres.get("rotated")).toEqual(again);
});

test("a dropped database is gone, and its sessions with it", async () => {
  const { postgres } = suite.runtime;
  const database = await postgres.create("dropped");
  const session = await connected(database);
  const ended = new Promise((resolve) => session.once("end", resolve));
  await postgres.drop("dropped");
  await ended;
  await postgres.drop("dropped");
  expect(await postgres.get("dropped")).toBeUndefined();
  await expect(connected(database)).rejects.toThrow();
});

test("a Redis wants its password, and is gone once dropped", async () => {
  const { redis } = suite.runtime;
  const instance = await redis.create("cache");
  expect(await redis.create("cache")).toEqual(instance);
  expect(await tell(instance, "PING")).toMatch(/NOAUTH/);
  expect(await tell(instance, `AUTH ${instance.password}`, "SET a 1", "GET a")).toMatch(
    /\+OK\r\n\+OK\r\n\$1\r\n1/,
  );
  await redis.drop("cache");
  expect(await redis.get("cache")).toBeUndefined();
  await expect(tell(instance, "PING")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

test("no secret stands in a command line or in a file that others may read", async () => {
  const database = await suite.runtime.postgres.create("plain");
  const instance = await suite.runtime.redis.create("kept");
  const { folder } = suite.runtime;
  expect((await processesNaming(folder)).join()).toContain("redis");
  for (const secret of [database.password, instance.password])
    expect(await processesNaming(secret)).toEqual([]);
  for (const name of ["databases.json", "redis.json", "postgres.json"]) {
    expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
  }
});

test("the database fault stops both and refuses new ones; lifted, all is back", async () => {
  const { postgres, redis, faults } = suite.runtime;
  const database = await postgres.create("faulty");
  const instance = await redis.create("faulty");
  await query(database, "CREATE TABLE t (id int); INSERT INTO t VALUES (7)");
  await faults.set({ down: ["database"] });
  await expect(connected(database)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(tell(instance, "PING")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(postgres.create("new")).rejects.toMatchObject({ code: "database-down" });
  await expect(redis.create("new")).rejects.toMatchObject({ code: "database-down" });
  await faults.set({ down: [] });
  expect(await query(database, "SELECT id FROM t")).toEqual([7]);
  expect(await tell(instance, "PING")).toMatch(/NOAUTH/);
});

test("a server that dies by itself is started again", async () => {
  const database = await suite.runtime.postgres.create("plain");
  const [data] = await query(database, "SHOW data_directory");
  const pid = Number((await readFile(join(String(data), "postmaster.pid"), "utf8")).split("\n")[0]);
  process.kill(pid, "SIGKILL");
  await eventually("it answers again", async () => {
    const rows = await query(database, "SELECT 1").catch(() => []);
    return (
      rows.length === 1 &&
      !(await readFile(join(String(data), "postmaster.pid"), "utf8")).startsWith(`${pid}\n`)
    );
  });
});

test("a runtime opened again has its databases, at the same place and with their content", async () => {
  const database = await suite.runtime.postgres.create("lasting");
  const instance = await suite.runtime.redis.create("lasting");
  await query(database, "CREATE TABLE t (id int); INSERT INTO t VALUES (9)");
  const { folder } = suite.runtime;
  await suite.runtime.close();
  await expect(connected(database)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  const reopened = await createRuntime({ folder, flavour: testFlavour });
  try {
    expect(await reopened.postgres.get("lasting")).toEqual(database);
    expect(await query(database, "SELECT id FROM t")).toEqual([9]);
    expect(await reopened.redis.get("lasting")).toEqual(instance);
    expect(await tell(instance, "PING")).toMatch(/NOAUTH/);
  } finally {
    await reopened.close();
  }
  expect(await processesNaming(folder)).toEqual([]);
});
