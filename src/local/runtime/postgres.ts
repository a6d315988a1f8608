import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { NotFoundError, RetryableError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import type { Database, PostgresService } from "./contract.ts";
import { PostgresCluster } from "./postgres-cluster.ts";
import type { ServiceOptions } from "./services.ts";
import { Turns } from "./turns.ts";

export interface OwnPostgres extends PostgresService {
  /** Starts the server in the background; a failure shows at the first use. */
  warm(): void;
  close(): Promise<void>;
}

const recordSchema = z.object({
  database: z.string(),
  /** Owns the database and all in it; can't log in. */
  owner: z.string(),
  user: z.string(),
  password: z.string(),
});
type DatabaseRecord = z.output<typeof recordSchema>;
const recordsSchema = z.record(z.string(), recordSchema);

/** What Heroku's default credential may do beyond its own database. */
const grantedRoles = ["pg_monitor", "pg_read_all_settings", "pg_read_all_stats", "pg_signal_backend"];
const noPrivileges = "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION";

/**
 * Databases of one cluster, which starts at the first of them. Names are made here, of hexadecimal digits only, so they
 * need no quoting. A login is a member of the owner role and acts as it from its first statement on: whatever login made
 * a table, the next one can alter it.
 */
export async function createPostgres(options: ServiceOptions): Promise<OwnPostgres> {
  const { folder, address, faults } = options;
  const path = join(folder, "databases.json");
  const records = recordsSchema.parse(JSON.parse((await readTextIfExists(path)) ?? "{}"));
  const cluster = await PostgresCluster.open(options);
  const save = (): Promise<void> => writeFileAtomic(path, JSON.stringify(records), { mode: 0o600 });
  const turns = new Turns();

  /** One change at a time. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    return turns.take(async () => {
      if (faults.isDown("database")) {
        throw new RetryableError("PostgreSQL is down: a fault is switched on.", { code: "database-down" });
      }
      await cluster.start();
      return await work();
    });
  }

  const databaseOf = (id: string, { database, user, password }: DatabaseRecord): Database => ({
    id,
    host: address,
    port: cluster.port,
    database,
    user,
    password,
  });

  function recordOf(id: string): DatabaseRecord {
    const record = records[id];
    if (record !== undefined) return record;
    throw new NotFoundError(`There is no database '${id}'.`, { code: "unknown-database" });
  }

  async function makeLogin(owner: string): Promise<Pick<DatabaseRecord, "user" | "password">> {
    const [user, password] = [`u${randomBytes(7).toString("hex")}`, randomBytes(32).toString("hex")];
    await cluster.query(
      `CREATE ROLE ${user} LOGIN ${noPrivileges} PASSWORD '${password}' IN ROLE ${owner}; ALTER ROLE ${user} SET role = '${owner}'`,
    );
    return { user, password };
  }

  /** Every login of an owner but one: locked out, its sessions ended, its own objects handed over, dropped. */
  async function dropLogins(owner: string, database: string, except: string | undefined): Promise<void> {
    const members = await cluster.query(
      "SELECT m.rolname AS name FROM pg_auth_members JOIN pg_roles m ON m.oid = member JOIN pg_roles r ON r.oid = roleid WHERE r.rolname = $1",
      [owner],
    );
    for (const { name } of members) {
      const user = String(name);
      if (user === except) continue;
      await cluster.query(`ALTER ROLE ${user} NOLOGIN`);
      await cluster.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", [
        user,
      ]);
      await cluster.query(`REASSIGN OWNED BY ${user} TO ${owner}; DROP OWNED BY ${user}`, [], database);
      await cluster.query(`DROP ROLE ${user}`);
    }
  }

  async function create(id: string): Promise<Database> {
    const known = records[id];
    if (known !== undefined) return databaseOf(id, known);
    const name = randomBytes(7).toString("hex");
    const [database, owner] = [`d${name}`, `o${name}`];
    await cluster.query(
      `CREATE ROLE ${owner} NOLOGIN ${noPrivileges}; GRANT ${grantedRoles.join(", ")} TO ${owner}`,
    );
    await cluster.query(`CREATE DATABASE ${database} OWNER ${owner}`);
    await cluster.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
    await cluster.query(`GRANT CREATE ON SCHEMA public TO ${owner}`, [], database);
    const record = { database, owner, ...(await makeLogin(owner)) };
    records[id] = record;
    await save();
    return databaseOf(id, record);
  }

  async function rotate(id: string): Promise<Database> {
    const record = recordOf(id);
    const renewed = { ...record, ...(await makeLogin(record.owner)) };
    records[id] = renewed;
    await save();
    await dropLogins(record.owner, record.database, renewed.user);
    return databaseOf(id, renewed);
  }

  async function drop(id: string): Promise<void> {
    const record = records[id];
    if (record === undefined) return;
    await cluster.query(`DROP DATABASE IF EXISTS ${record.database} WITH (FORCE)`);
    await dropLogins(record.owner, "postgres", undefined);
    await cluster.query(`DROP ROLE IF EXISTS ${record.owner}`);
    delete records[id];
    await save();
  }

  const startIfUsed = async (): Promise<void> => {
    if (Object.keys(records).length > 0) await cluster.start();
  };
  faults.onChange(async () => {
    await (faults.isDown("database") ? cluster.stop("immediate") : startIfUsed());
  });
  await startIfUsed();

  return {
    create: (id) => inTurn(() => create(id)),
    get: async (id) => {
      const record = records[id];
      return record && databaseOf(id, record);
    },
    warm: () => {
      inTurn(async () => {}).catch(() => {});
    },
    rotate: (id) => inTurn(() => rotate(id)),
    drop: (id) => inTurn(() => drop(id)),
    close: async () => {
      await cluster.close();
      await turns.idle();
    },
  };
}
