import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import type { Link, LinkSettings } from "../../../src/data/contract.ts";
import { openLink } from "../../../src/data/registry.ts";
import { type ScratchPostgres, startPostgres } from "../../support/postgres.ts";

/** One site's database, as its app sees it. */
export interface Site {
  readonly name: string;
  url: string;
  readonly id: string;
  /** A connection of the app's, gone after the test. */
  connect(): Promise<pg.Client>;
  /** One statement in a session that is kept for the test; rows as text. */
  query(text: string): Promise<Record<string, string | null>[]>;
}

export interface Pair {
  readonly primary: Site;
  readonly mirror: Site;
  /** What the link warned of. */
  readonly warnings: string[];
  /** From primary to mirror. */
  link(settings?: Partial<LinkSettings>): Link;
  /** From mirror to primary. */
  back(settings?: Partial<LinkSettings>): Link;
}

/** Starts so many servers for the tests of one file. */
export function useServers(count: number): readonly ScratchPostgres[] {
  const servers: ScratchPostgres[] = [];
  const folders: string[] = [];
  beforeAll(async () => {
    for (let index = 0; index < count; index++) {
      const folder = await mkdtemp(join(tmpdir(), "understudy-data-"));
      folders.push(folder);
      servers.push(await startPostgres(folder));
    }
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });
  return servers;
}

/** One of them; they are there once the tests run. */
export function server(servers: readonly ScratchPostgres[], index = 0): ScratchPostgres {
  const found = servers[index];
  if (found === undefined) throw new Error("the servers are not started yet");
  return found;
}

/** A connection that gives every value as text. */
export async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    types: { getTypeParser: () => (value: string) => value },
  });
  // A fence ends the app's sessions; a real app's pool reconnects.
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Sessions are ended by fences and crashes; an app's pool opens the next one. */
const ended = /^(57P0\d|08\d{3})$/;

async function makeSite(server: ScratchPostgres, name: string): Promise<Site> {
  const { url, id } = await server.createDatabase();
  let kept: pg.Client | undefined;
  const ask = async (text: string): Promise<Record<string, string | null>[]> => {
    kept ??= await site.connect();
    const result: unknown = await kept.query(text);
    return ((Array.isArray(result) ? result.at(-1) : result) as pg.QueryResult).rows;
  };
  const site: Site = {
    name,
    url,
    id,
    connect: async () => {
      const client = await open(site.url);
      client.on("end", () => {
        if (kept === client) kept = undefined;
      });
      onTestFinished(() => client.end().catch(() => {}));
      return client;
    },
    query: async (text) => {
      try {
        return await ask(text);
      } catch (error) {
        const code = error instanceof pg.DatabaseError ? error.code : undefined;
        if (code !== undefined && !ended.test(code)) throw error;
        kept = undefined;
        return await ask(text);
      }
    },
  };
  return site;
}

/** For steps of which only the outcome matters: limits that a slow machine doesn't reach. */
const patient = { timeoutMs: 60_000 };

/** Two new databases, of plain owners. */
export async function makePair(primaryServer: ScratchPostgres, mirrorServer = primaryServer): Promise<Pair> {
  const primary = await makeSite(primaryServer, "primary");
  const mirror = await makeSite(mirrorServer, "mirror");
  const warnings: string[] = [];
  const between =
    (source: Site, target: Site) =>
    (settings: Partial<LinkSettings> = {}): Link => {
      const link = openLink({
        service: "db",
        type: "postgres",
        mode: "trigger",
        source: { site: source.name, url: async () => source.url },
        target: { site: target.name, url: async () => target.url },
        withoutKey: "refuse",
        exclude: [],
        log: { info: () => {}, warn: (text) => warnings.push(text) },
        ...settings,
      });
      return { ...link, status: (options) => link.status({ ...patient, ...options }) };
    };
  return { primary, mirror, warnings, link: between(primary, mirror), back: between(mirror, primary) };
}

/** Runs a link in the background until the test ends or `stop` is called. */
export function running(link: Link): { stop(): Promise<void> } {
  const controller = new AbortController();
  const done = link.run({ signal: controller.signal });
  const stop = async () => {
    controller.abort();
    await done;
  };
  onTestFinished(stop);
  return { stop };
}

/** Brings the target up to the source as of now. */
export async function settle(link: Link, source: Site): Promise<void> {
  const [row] = await source.query("SELECT pg_current_snapshot() AS position");
  await link.drain(row?.position ?? "", patient);
}

/** All rows of the tables, as text, sorted. */
export async function contents(site: Site, tables: readonly string[]): Promise<Record<string, string[]>> {
  const queries = tables.map(
    (table, index) =>
      `SELECT ${index} AS place, ROW(every_column.*)::text AS row FROM ${table} AS every_column`,
  );
  const rows = await site.query(`${queries.join(" UNION ALL ")} ORDER BY 1, 2`);
  return Object.fromEntries(
    tables.map((table, index) => [
      table,
      rows.filter((row) => row.place === String(index)).map((row) => row.row ?? ""),
    ]),
  );
}

/** Whether the tables have the same rows at both sites. */
export async function same({ primary, mirror }: Pair, tables: readonly string[]): Promise<boolean> {
  const [here, there] = await Promise.all([contents(primary, tables), contents(mirror, tables)]);
  return JSON.stringify(here) === JSON.stringify(there);
}
