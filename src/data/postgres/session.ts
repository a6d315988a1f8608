import { readFile } from "node:fs/promises";
import pg from "pg";
import { messageOf, RetryableError, UnderstudyError } from "../../base/errors.ts";
import { redact } from "../../base/redact.ts";
import type { LinkEnd } from "../contract.ts";
import { type Address, parseDatabaseUrl, type Tls } from "./address.ts";
import { join, raw, type Sql } from "./sql.ts";

/** The cells of a result in Postgres's text form, which is the only form in which every value is exact. */
export type Rows = readonly (readonly (string | null)[])[];

/** The database refused a statement. */
export class SqlError extends UnderstudyError {
  /** https://www.postgresql.org/docs/current/errcodes-appendix.html */
  readonly sqlstate: string;

  constructor(message: string, sqlstate: string, cause: unknown) {
    super(message, { code: "sql-failed", cause });
    this.sqlstate = sqlstate;
  }
}

/** A lock was not free in time, or two transactions stood in each other's way: the same may succeed a moment later. */
export class BusyError extends RetryableError {}

/** One connection of the link's own. */
export interface Session {
  readonly site: string;
  readonly address: Address;
  /** Under it COPY streams run. */
  readonly client: pg.Client;
  /** Sends all statements in one message and gives the result of each. Drops the connection after 30 s without an answer. */
  run(...statements: readonly Sql[]): Promise<readonly Rows[]>;
  /** The same for statements whose time grows with the data: no limit but the connection's life. */
  runLong(...statements: readonly Sql[]): Promise<readonly Rows[]>;
  /** What a failure of a stream on `client` means: a lost connection may be tried again. */
  explain(error: unknown): UnderstudyError;
  /** The first cell of the first row, or null. */
  cell(statement: Sql): Promise<string | null>;
  /** Puts the settings back after a script that may have changed them. */
  resetSettings(): Promise<void>;
  /** True once it can't be used any more. */
  readonly closed: boolean;
  /** Ends it politely, without waiting. */
  close(): void;
  /** Ends it at once; what waits for it fails. */
  drop(): void;
  /** Whether the connection alone keeps this process from ending. */
  hold(on: boolean): void;
}

/** How long a session waits for a lock. */
export const lockMs = 800;

// Whatever the role's or the database's settings say: text forms must be the same at both ends (DateStyle and the like),
// nothing may cut a long copy off, and the link writes where an app may not. `understudy.session` tells our triggers. A lock
// is waited for a little less than Postgres's deadlock_timeout: where we and the app wait for each other, we give way.
const settings = `
  SET application_name = 'understudy link'; SET client_encoding = 'UTF8'; SET search_path = pg_catalog;
  SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET TimeZone = 'UTC'; SET extra_float_digits = 3;
  SET bytea_output = 'hex'; SET lc_monetary = 'C'; SET xmloption = 'content'; SET standard_conforming_strings = on;
  SET statement_timeout = 0; SET lock_timeout = '${lockMs}ms'; SET idle_in_transaction_session_timeout = '60s';
  SET default_transaction_read_only = off; SET default_transaction_isolation = 'read committed'; SET row_security = off;
  SET jit = off; SET max_parallel_workers_per_gather = 0; SET understudy.session = 'link'`;

// Connection exceptions, shutdowns, refused credentials (rotated), a database that is gone (rotated), too many connections.
const retryableStates = /^(08...|57P0[1-5]|28...|3D000|53300|25P03)$/;

// Lock not available, deadlock, serialization failure.
const busyStates = /^(55P03|40P01|40001)$/;

function translate(error: unknown, site: string, address: Address): UnderstudyError {
  if (error instanceof UnderstudyError) return error;
  const text = redact(messageOf(error), [address.password]);
  const state = error instanceof pg.DatabaseError ? error.code : undefined;
  if (state !== undefined && busyStates.test(state)) {
    return new BusyError(`The database of ${site} was busy: ${text}`, {
      code: "database-busy",
      cause: error,
    });
  }
  if (state !== undefined && !retryableStates.test(state)) {
    return new SqlError(`The database of ${site} refused a statement: ${text} (${state})`, state, error);
  }
  return new RetryableError(
    `The database of ${site} (${address.host}:${address.port}) can't be used: ${text}`,
    {
      code: "database-unreachable",
      cause: error,
      suggestion: "Check that it runs, and that the site's URL of it is the present one.",
    },
  );
}

/** The longest that a statement of a bounded size may take. */
const answerMs = 30_000;

async function connect(
  address: Address,
  tls: Tls,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<pg.Client> {
  const root = process.env.PGSSLROOTCERT;
  const ca = tls === "verify" && root !== undefined ? { ca: await readFile(root, "utf8") } : {};
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: tls === "off" ? false : { rejectUnauthorized: tls === "verify", ...ca },
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    types: { getTypeParser: () => (value: string) => value },
  });
  // A connection lost while idle is reported here; the next statement fails and says so.
  client.on("error", () => {});
  const giveUp = () => socketOf(client).destroy();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    client.end().catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** The socket under a client; pg gives no other way to drop a connection that hangs. */
function socketOf(client: pg.Client): { destroy(): void; ref(): void; unref(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void; ref(): void; unref(): void } } })
    .connection.stream;
}

/**
 * Opens a connection to an end, reading its URL anew. Throws {@link RetryableError} `database-unreachable` when there is
 * no way in at the moment.
 */
export async function openSession(
  end: LinkEnd,
  options: { readonly signal?: AbortSignal | undefined; readonly connectTimeoutMs?: number } = {},
): Promise<Session> {
  options.signal?.throwIfAborted();
  const address = parseDatabaseUrl(await end.url(options.signal), end.site);
  let failure: unknown;
  for (const tls of address.tls) {
    options.signal?.throwIfAborted();
    try {
      const client = await connect(address, tls, options.connectTimeoutMs ?? 5_000, options.signal);
      const session = wrap(client, end.site, address);
      await session.resetSettings();
      return session;
    } catch (error) {
      failure = error;
    }
  }
  options.signal?.throwIfAborted();
  throw translate(failure, end.site, address);
}

/** Does work with a session that is dropped when the signal ends: what waits for the database fails at once. */
export async function dropOnAbort<T>(
  session: Session,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.addEventListener("abort", session.drop, { once: true });
  try {
    return await work();
  } finally {
    signal?.removeEventListener("abort", session.drop);
  }
}

function wrap(client: pg.Client, site: string, address: Address): Session {
  let closed = false;
  client.on("end", () => {
    closed = true;
  });
  const drop = () => {
    closed = true;
    socketOf(client).destroy();
  };
  const runLong = async (...statements: readonly Sql[]): Promise<readonly Rows[]> => {
    try {
      const result: unknown = await client.query({ text: join(statements, ";\n").text, rowMode: "array" });
      const results = (Array.isArray(result) ? result : [result]) as readonly { readonly rows: Rows }[];
      return results.map((item) => item.rows);
    } catch (error) {
      throw translate(error, site, address);
    }
  };
  const run = async (...statements: readonly Sql[]): Promise<readonly Rows[]> => {
    // A peer that has gone without a word would keep us waiting for minutes.
    const timer = setTimeout(drop, answerMs);
    try {
      return await runLong(...statements);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    site,
    address,
    client,
    run,
    runLong,
    explain: (error) => translate(error, site, address),
    resetSettings: async () => {
      await run(raw(settings));
    },
    cell: async (statement) => (await run(statement))[0]?.[0]?.[0] ?? null,
    get closed() {
      return closed;
    },
    close: () => {
      if (closed) return;
      closed = true;
      client.end().catch(() => {});
      setTimeout(() => socketOf(client).destroy(), 500).unref();
    },
    drop,
    hold: (on) => (on ? socketOf(client).ref() : socketOf(client).unref()),
  };
}
