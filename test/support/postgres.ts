import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createChildren } from "../../src/local/runtime/children.ts";
import type { Database } from "../../src/local/runtime/contract.ts";
import { createFaults } from "../../src/local/runtime/faults.ts";
import { createPorts } from "../../src/local/runtime/ports.ts";
import { createPostgres } from "../../src/local/runtime/postgres.ts";
import { removePostgresFiles } from "../../src/local/runtime/postgres-files.ts";

export interface ScratchPostgres {
  /** A new database with an owner as unprivileged as on Heroku; `url` is how it is reached. */
  createDatabase(): Promise<Database & { readonly url: string }>;
  /** New user and password for a database made here. */
  rotate(id: string): Promise<Database & { readonly url: string }>;
  /** As the superuser, for what no owner may do. */
  readonly superuserUrl: string;
  /** Stops it as a crash would, and starts it again. */
  crash(): Promise<void>;
  recover(): Promise<void>;
  stop(): Promise<void>;
}

function withUrl(database: Database): Database & { readonly url: string } {
  const { user, password, host, port } = database;
  return { ...database, url: `postgres://${user}:${password}@${host}:${port}/${database.database}` };
}

/** A PostgreSQL server of its own in a scratch folder: the one that the local platforms run. Call `stop` in the end. */
export async function startPostgres(folder: string): Promise<ScratchPostgres> {
  const faults = createFaults();
  const services = {
    folder,
    address: "127.0.0.1",
    children: createChildren(folder),
    ports: createPorts(),
    faults,
  };
  const postgres = await createPostgres(services);
  await postgres.create("first");
  const { port, password } = JSON.parse(await readFile(join(folder, "postgres.json"), "utf8")) as {
    readonly port: number;
    readonly password: string;
  };
  return {
    createDatabase: async () => withUrl(await postgres.create(randomUUID())),
    rotate: async (id) => withUrl(await postgres.rotate(id)),
    superuserUrl: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    crash: () => faults.set({ down: ["database"] }),
    recover: () => faults.set({ down: [] }),
    stop: async () => {
      await postgres.close();
      await removePostgresFiles(folder);
    },
  };
}
