import { randomBytes } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { z } from "zod";
import { RetryableError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import { Daemon } from "./daemon.ts";
import { findPostgres } from "./postgres-binaries.ts";
import { makeHome, removePostgresFiles } from "./postgres-files.ts";
import { commandEnv, makeCluster, superuser } from "./postgres-setup.ts";
import { commandAs, serviceUser } from "./service-user.ts";
import type { ServiceOptions } from "./services.ts";

const settingsSchema = z.object({ version: z.literal(1), port: z.number(), password: z.string() });
type Settings = z.output<typeof settingsSchema>;

/** One PostgreSQL server, made at its first start. What it keeps is in `<folder>/postgres`, or where that leads to. */
export class PostgresCluster {
  readonly #options: ServiceOptions;
  readonly #closing = new AbortController();
  #settings: Settings | undefined;
  #daemon: Daemon | undefined;
  #preparing: Promise<Daemon> | undefined;
  #isWanted = false;

  private constructor(options: ServiceOptions, settings: Settings | undefined) {
    this.#options = options;
    this.#settings = settings;
  }

  static async open(options: ServiceOptions): Promise<PostgresCluster> {
    const text = await readTextIfExists(join(options.folder, "postgres.json"));
    const settings = text === undefined ? undefined : settingsSchema.parse(JSON.parse(text));
    return new PostgresCluster(options, settings);
  }

  get port(): number {
    return this.#settings?.port ?? 0;
  }

  /** Settles when it answers. Throws `service-missing`, `service-failed`, or `service-stopped` when it was stopped meanwhile. */
  async start(): Promise<void> {
    this.#isWanted = true;
    this.#preparing ??= this.#prepare().catch((error: unknown) => {
      this.#preparing = undefined;
      throw error;
    });
    this.#daemon = await this.#preparing;
    if (this.#isWanted) await this.#daemon.start();
    if (this.#isWanted) return;
    throw new RetryableError("PostgreSQL was stopped while it started.", { code: "service-stopped" });
  }

  /** `fast` ends sessions and writes everything out; `immediate` is a crash. */
  async stop(mode: "fast" | "immediate"): Promise<void> {
    this.#isWanted = false;
    await this.#daemon?.stop(mode === "fast" ? "SIGINT" : "SIGQUIT");
  }

  /** Stops it for good, also while it is being made. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#preparing?.catch(() => {});
    await this.stop("fast");
  }

  /** One statement as the superuser, on a connection of its own. */
  async query(
    statement: string,
    values: readonly string[] = [],
    database = "postgres",
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const client = new Client({
      host: this.#options.address,
      port: this.port,
      user: superuser,
      password: this.#settings?.password,
      database,
      connectionTimeoutMillis: 30_000,
    });
    // A connection that breaks fails its query; the event alone would end the process.
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query(statement, [...values])).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  async #prepare(): Promise<Daemon> {
    const { folder, address, children, ports } = this.#options;
    const [binaries, user] = await Promise.all([findPostgres(), serviceUser()]);
    const place = join(folder, "postgres");
    if (this.#settings === undefined) {
      const [port, password] = [await ports.take(address), randomBytes(24).toString("hex")];
      // What an earlier try left can't be told from a whole cluster.
      await removePostgresFiles(folder);
      await makeHome(place, this.#options, user);
      const { signal } = this.#closing;
      const home = await realpath(place);
      await makeCluster({ services: this.#options, binaries, home, port, password, user, signal });
      const settings: Settings = { version: 1, port, password };
      await writeFileAtomic(join(folder, "postgres.json"), JSON.stringify(settings), { mode: 0o600 });
      this.#settings = settings;
    }
    // Where it is a link, the server's user can reach only what that leads to.
    const data = join(await realpath(place), "data");
    const command = join(binaries, "postgres");
    return new Daemon({
      name: "PostgreSQL",
      spawn: () => children.spawn({ ...commandAs(user, command, ["-D", data]), cwd: data, env: commandEnv }),
      isReady: () =>
        this.query("SELECT 1").then(
          () => true,
          () => false,
        ),
    });
  }
}
