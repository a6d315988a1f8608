import { InputError } from "../../base/errors.ts";

export type Tls = "off" | "encrypt" | "verify";

/** Where a database is and how to get in. Holds the password: never log it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The ways to try, in order. */
  readonly tls: readonly [Tls, ...Tls[]];
  /** The same for libpq's tools. */
  readonly sslmode: string;
}

// libpq's meaning of each mode: https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
const modes: Readonly<Record<string, readonly [Tls, ...Tls[]]>> = {
  disable: ["off"],
  allow: ["off", "encrypt"],
  prefer: ["encrypt", "off"],
  require: ["encrypt"],
  "verify-ca": ["verify"],
  "verify-full": ["verify"],
};

function isThisMachine(host: string): boolean {
  return host.startsWith("/") || host === "localhost" || host === "::1" || /^127\./.test(host);
}

function bad(where: string, what: string): InputError {
  return new InputError([
    {
      code: "bad-database-url",
      message: `The database URL of ${where} ${what}.`,
      suggestion: "It must look like postgres://user:password@host:5432/database?sslmode=require.",
    },
  ]);
}

/**
 * Reads a database URL. One without `sslmode` is taken as `require` (as Heroku's are meant), or on this machine as
 * `allow`. Throws {@link InputError} that never shows the URL.
 */
export function parseDatabaseUrl(text: string, where: string): Address {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw bad(where, "is not a URL");
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:")
    throw bad(where, "is not of postgres://");
  const host = url.searchParams.get("host") ?? url.hostname.replace(/^\[|\]$/g, "");
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  if (user === "") throw bad(where, "has no user");
  const sslmode = url.searchParams.get("sslmode") ?? (isThisMachine(host) ? "allow" : "require");
  const tls = modes[sslmode];
  if (tls === undefined)
    throw bad(where, `has sslmode=${sslmode}, which is none of ${Object.keys(modes).join(", ")}`);
  return {
    host: host === "" ? "localhost" : host,
    port: url.port === "" ? 5432 : Number(url.port),
    user,
    password: decodeURIComponent(url.password),
    database,
    tls,
    sslmode,
  };
}

/** What libpq's tools (pg_dump, psql) read instead of arguments, so that argv holds no secret. */
export function libpqEnv(address: Address): Readonly<Record<string, string>> {
  return {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGPASSWORD: address.password,
    PGDATABASE: address.database,
    PGSSLMODE: address.sslmode,
    PGAPPNAME: "understudy link",
    PGOPTIONS:
      "-c understudy.session=link -c default_transaction_read_only=off -c lock_timeout=10s -c statement_timeout=0",
  };
}
