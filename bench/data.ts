import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { run } from "../src/base/run.ts";
import type { Link } from "../src/data/contract.ts";
import { openLink } from "../src/data/registry.ts";
import { type ScratchPostgres, startPostgres } from "../test/support/postgres.ts";
import { type Figures, figure, timed } from "./figure.ts";

const copiedRows = 200_000;
const changedRows = 50_000;
const inserts = 2_000;
const rounds = 8;

interface Bench {
  readonly urls: { readonly primary: string; readonly mirror: string };
  readonly primary: pg.Client;
  readonly there: Link;
  readonly back: Link;
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A fence ends it.
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function withLink<T>(
  server: ScratchPostgres,
  schema: string,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const urls = { primary: (await server.createDatabase()).url, mirror: (await server.createDatabase()).url };
  const end = (site: "primary" | "mirror") => ({ site, url: async () => urls[site] });
  const link = (from: "primary" | "mirror", to: "primary" | "mirror") =>
    openLink({
      service: "db",
      type: "postgres",
      mode: "trigger",
      source: end(from),
      target: end(to),
      withoutKey: "refuse",
      exclude: [],
      log: { info: () => {}, warn: () => {} },
    });
  const primary = await open(urls.primary);
  try {
    await primary.query(schema);
    return await work({ urls, primary, there: link("primary", "mirror"), back: link("mirror", "primary") });
  } finally {
    await primary.end().catch(() => {});
  }
}

async function position(client: pg.Client): Promise<string> {
  const { rows } = await client.query("SELECT pg_current_snapshot()::text AS position");
  return rows[0].position;
}

const orders =
  "CREATE TABLE orders (id int PRIMARY KEY, customer int, note text, total numeric(10,2), at timestamptz)";
const order =
  "i, i % 1000, 'order number ' || i || repeat(' and so on', 15), i / 7.0, '2024-01-01'::timestamptz + i * interval '1 s'";

/** The first copy of some 40 MB, whole (schema, rows, indexes), beside what Postgres's own tools take for it. */
async function benchCopy(server: ScratchPostgres): Promise<Figures> {
  const schema = `${orders}; INSERT INTO orders SELECT ${order} FROM generate_series(1, ${copiedRows}) i`;
  return withLink(server, schema, async ({ urls, primary, there }) => {
    const { rows } = await primary.query("SELECT sum(pg_column_size(o)) / 1e6 AS megabytes FROM orders o");
    const rate = (ms: number) => Number(rows[0].megabytes) / (ms / 1_000);
    const [own = 0] = await timed(1, () => there.init({}));
    const other = await server.createDatabase();
    const pipe =
      'pg_dump "$FROM" --no-owner --no-privileges --exclude-schema=understudy | psql -q -o /dev/null "$TO"';
    const [theirs = 0] = await timed(1, () =>
      run("sh", ["-c", pipe], { env: { FROM: urls.primary, TO: other.url } }),
    );
    const rival = { name: "pg_dump | psql", median: rate(theirs), p95: rate(theirs) };
    return { linkCopy: { ...figure([rate(own)], "MB/s"), rival } };
  });
}

/** How fast a backlog is carried: rows that were changed by statements of 100 each while nobody followed. */
async function benchApply(server: ScratchPostgres): Promise<Figures> {
  return withLink(server, orders, async ({ primary, there }) => {
    await there.init({});
    for (let at = 0; at < changedRows; at += 100) {
      await primary.query(
        `INSERT INTO orders SELECT ${order} FROM generate_series(${at + 1}, ${at + 100}) i`,
      );
    }
    const until = await position(primary);
    const [ms = 0] = await timed(1, () => there.drain(until, { timeoutMs: 300_000 }));
    return { linkApply: figure([changedRows / (ms / 1_000)], "rows/s") };
  });
}

/** From a small change's commit to its being at the standby, and what the log costs the app that writes. */
async function benchChange(server: ScratchPostgres): Promise<Figures> {
  return withLink(server, orders, async ({ primary, there }) => {
    const insert = (offset: number) => (index: number) =>
      primary.query(`INSERT INTO orders VALUES (${offset + index}, 1, 'a small one', 1.5, now())`);
    const plain = figure(await timed(inserts, insert(0)), "ms");
    await there.init({});
    const logged = figure(await timed(inserts, insert(inserts)), "ms");
    const lags = await timed(100, async (index) => {
      await insert(1_000_000)(index);
      await there.drain(await position(primary));
    });
    const rival = { name: "without the link", median: plain.median, p95: plain.p95 };
    return { linkInsert: { ...logged, rival }, linkChange: figure(lags, "ms") };
  });
}

/** Fence, drain and promote, to and fro, with the data of one table. */
async function benchCutover(server: ScratchPostgres): Promise<Figures> {
  const schema = `${orders}; INSERT INTO orders SELECT ${order} FROM generate_series(1, 1000) i`;
  return withLink(server, schema, async ({ there, back }) => {
    await there.init({});
    const samples = await timed(rounds, async (index) => {
      const link = index % 2 === 0 ? there : back;
      await link.drain(await link.fence(index + 1));
      await link.promote(index + 1);
    });
    return { linkCutover: figure(samples, "ms") };
  });
}

/** The links between two databases of one server, on the loopback. */
export async function benchData(): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "bench-data-"));
  const server = await startPostgres(folder);
  try {
    return {
      ...(await benchCopy(server)),
      ...(await benchApply(server)),
      ...(await benchChange(server)),
      ...(await benchCutover(server)),
    };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
