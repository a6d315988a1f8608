import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, startRedis, type TestServer } from "./servers.ts";

const source = fileURLToPath(new URL("../../examples/guestbook/", import.meta.url));
const execute = promisify(execFile);

/** A copy, so that the install leaves nothing in the repository. */
let folder: string;
let postgres: TestServer;
let redis: TestServer;
let env: NodeJS.ProcessEnv;
let base: string;
const children: ChildProcess[] = [];

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 50_000;
  do {
    const seen = await look().catch(() => undefined);
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  } while (performance.now() < end);
  throw new Error(`${what}: not within 50 s`);
}

function start(script: string, extra: NodeJS.ProcessEnv = {}): ChildProcessByStdio<null, Readable, null> {
  const child = spawn("node", [script], {
    cwd: folder,
    env: { ...env, ...extra },
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.resume();
  children.push(child);
  return child;
}

async function serve(
  extra: NodeJS.ProcessEnv = {},
): Promise<{ readonly child: ChildProcess; readonly base: string }> {
  const child = start("server.js", { PORT: "0", ...extra });
  const [said] = await once(createInterface({ input: child.stdout }), "line");
  const url = `http://127.0.0.1:${/^listening on (\d+)$/.exec(said)?.[1]}`;
  await until("web answers", async () => ((await fetch(`${url}/health`)).ok ? true : undefined));
  return { child, base: url };
}

async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = await ended;
  return code as number | null;
}

function put(id: string, entry: unknown, to = base): Promise<Response> {
  return fetch(`${to}/entries/${id}`, { method: "PUT", body: JSON.stringify(entry) });
}

async function sql(text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "understudy-guestbook-"));
  await cp(source, folder, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
  await execute("npm", ["ci", "--omit=dev", "--no-audit", "--no-fund"], { cwd: folder });
  const servers = await Promise.all([startPostgres(), startRedis()]);
  if (servers[0] === undefined || servers[1] === undefined) {
    throw new Error("PostgreSQL and Redis are needed: apt-get install postgresql redis-server");
  }
  [postgres, redis] = servers;
  env = { PATH: process.env.PATH, DATABASE_URL: postgres.url, REDIS_URL: redis.url, MARK_KEY: "key" };
  await execute("node", ["migrate.js"], { cwd: folder, env });
  base = (await serve()).base;
}, 300_000);

afterAll(async () => {
  await Promise.all(children.map(end));
  await Promise.all([postgres?.remove(), redis?.remove()]);
  await rm(folder, { recursive: true, force: true });
});

test("a second migration changes nothing", async () => {
  const { stdout } = await execute("node", ["migrate.js"], { cwd: folder, env });
  expect(stdout).toBe("database is at version 3\n");
});

test("an entry is there once its write is acknowledged, and a repeated write is the same entry", async () => {
  const id = randomUUID();
  const first = await put(id, { author: "Ada", text: "Hello there" });
  expect(first.status).toBe(201);
  const again = await put(id, { author: "Ada", text: "Hello there" });
  expect(again.status).toBe(200);
  expect((await put(id, { author: "Bob", text: "Mine now" })).status).toBe(409);
  const read = await fetch(`${base}/entries/${id}`);
  expect(await read.json()).toMatchObject({ id, author: "Ada", text: "Hello there" });
});

test("an unknown entry is 404, a malformed one is refused", async () => {
  expect((await fetch(`${base}/entries/${randomUUID()}`)).status).toBe(404);
  expect((await fetch(`${base}/entries/1`)).status).toBe(404);
  for (const entry of [{}, { author: "", text: "x" }, { author: "a", text: "x".repeat(2_001) }, "no", null]) {
    expect((await put(randomUUID(), entry)).status).toBe(422);
  }
});

test("the page shows entries, escaped, and counts views", async () => {
  await put(randomUUID(), { author: "Eve", text: "<script>alert(1)</script>" });
  const page = await (await fetch(base)).text();
  expect(page).toContain("&#60;script&#62;alert(1)");
  // It does not wait for Redis.
  await until("a count", async () =>
    (await (await fetch(base)).text()).includes("visitor no.") ? true : undefined,
  );
});

test("the page works without Redis", async () => {
  const { child, base: bare } = await serve({ REDIS_URL: undefined });
  expect(await (await fetch(bare)).text()).toContain("Welcome.");
  expect(await end(child)).toBe(0);
});

test("the worker counts words and hides spam; the digest may be made twice", async () => {
  const [good, spam] = [randomUUID(), randomUUID()];
  await put(good, { author: "Ada", text: " three  words here " });
  await put(spam, { author: "Bot", text: "best casino" });
  const worker = start("worker.js");
  const moderated = await until("moderation", async () => {
    const rows = await sql(
      `SELECT id, words, hidden FROM entries WHERE id IN ('${good}', '${spam}') AND moderated_at IS NOT NULL`,
    );
    return rows.length === 2 ? rows : undefined;
  });
  expect(moderated).toEqual(
    expect.arrayContaining([
      { id: good, words: 3, hidden: false },
      { id: spam, words: 2, hidden: true },
    ]),
  );
  expect(await end(worker)).toBe(0);
  for (let run = 0; run < 2; run++) await execute("node", ["digest.js"], { cwd: folder, env });
  expect(await sql("SELECT count(*)::int AS days FROM digests")).toEqual([{ days: 1 }]);
});

test("a read-only database gives 503 with Retry-After, and the app writes again as soon as it may", async () => {
  await sql("ALTER DATABASE postgres SET default_transaction_read_only = on");
  const { base: fresh, child } = await serve();
  const refused = await put(randomUUID(), { author: "Ada", text: "now" }, fresh);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await fetch(`${fresh}/entries`)).status).toBe(200);
  const client = new pg.Client({
    connectionString: postgres.url,
    options: "-c default_transaction_read_only=off",
  });
  await client.connect();
  await client.query("ALTER DATABASE postgres RESET default_transaction_read_only");
  await client.end();
  // The pool may hold more connections from the read-only time: each is left at its first refusal.
  await until("a write", async () =>
    (await put(randomUUID(), { author: "Ada", text: "now" }, fresh)).status === 201 ? true : undefined,
  );
  expect(await end(child)).toBe(0);
});

test("it outlives a restart of the database, answering 503 meanwhile", async () => {
  await postgres.stop();
  expect((await put(randomUUID(), { author: "Ada", text: "now" })).status).toBe(503);
  expect((await fetch(`${base}/health`)).status).toBe(503);
  expect((await fetch(base)).status).toBe(503);
  await postgres.start();
  const id = randomUUID();
  await until("a write", async () =>
    (await put(id, { author: "Ada", text: "back" })).ok ? true : undefined,
  );
});

test("on SIGTERM it finishes the requests under way, then exits with 0", async () => {
  const { child, base: own } = await serve({ DATABASE_URL: `${postgres.url}?query_timeout=60000` });
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  // No write ends while the table is locked. There are as many as the app has connections to the database.
  await client.query("BEGIN; LOCK TABLE entries IN EXCLUSIVE MODE");
  const requests = Array.from({ length: 4 }, () => put(randomUUID(), { author: "Ada", text: "bye" }, own));
  await until("writes under way", async () => {
    const [seen] = await sql("SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted");
    return seen?.waiting === requests.length ? true : undefined;
  });
  const code = end(child);
  await until("no more requests taken", () =>
    fetch(`${own}/none`).then(
      () => undefined,
      () => true,
    ),
  );
  await client.query("COMMIT");
  await client.end();
  const answers = await Promise.all(requests);
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  expect(await code).toBe(0);
});
