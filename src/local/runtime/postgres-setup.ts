import { appendFile, chown, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";
import { makeCertificate } from "./postgres-files.ts";
import { commandAs, type ServiceUser } from "./service-user.ts";
import type { ServiceOptions } from "./services.ts";

export const superuser = "postgres";

/** What a PostgreSQL command needs of the environment. */
export const commandEnv = { PATH: process.env.PATH ?? "", LANG: "C", LC_ALL: "C" } as const;

export interface SetupOptions {
  readonly services: ServiceOptions;
  /** Folder of `initdb`. */
  readonly binaries: string;
  /** Empty, and the server's user's own. */
  readonly home: string;
  readonly port: number;
  /** Of the superuser. */
  readonly password: string;
  readonly user: ServiceUser | undefined;
  /** Ends the work; what it made by then is no cluster. */
  readonly signal: AbortSignal;
}

/** Only with a password, and no replication. */
const access = `
host all all 127.0.0.0/8 scram-sha-256
host all all ::1/128 scram-sha-256
`;

function configuration(options: SetupOptions, isEncrypted: boolean, majorVersion: number): string {
  // After a crash every file is to be on disk: one call for all instead of one a file is ten times as fast.
  const canSyncWhole = process.platform === "linux" && majorVersion >= 14;
  return `
listen_addresses = '${options.services.address}'
port = ${options.port}
unix_socket_directories = ''
max_connections = 100
# As on Heroku: no logical decoding.
wal_level = replica
ssl = ${isEncrypted ? "on" : "off"}
# In files under the data folder: /dev/shm would keep what a killed server had there.
dynamic_shared_memory_type = mmap
jit = off
${canSyncWhole ? "recovery_init_sync_method = syncfs" : ""}
`;
}

/** Makes `<home>/data`, ready to be started. Throws `service-failed` with what initdb said. */
export async function makeCluster(options: SetupOptions): Promise<void> {
  const { home, user } = options;
  const [data, passwordFile] = [join(home, "data"), join(home, "password")];
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
  await runInitdb(options, data, passwordFile);
  await rm(passwordFile);
  const isEncrypted = await makeCertificate(data, options.services.address);
  const majorVersion = Number.parseInt(await readFile(join(data, "PG_VERSION"), "utf8"), 10);
  await appendFile(join(data, "postgresql.conf"), configuration(options, isEncrypted, majorVersion));
  await writeFile(join(data, "pg_hba.conf"), access);
  if (user === undefined || !isEncrypted) return;
  await Promise.all(["server.key", "server.crt"].map((name) => chown(join(data, name), user.uid, user.gid)));
}

async function runInitdb(options: SetupOptions, data: string, passwordFile: string): Promise<void> {
  const locale = process.platform === "linux" ? "C.UTF-8" : "en_US.UTF-8";
  // Unsynced: if the machine itself fails now, the cluster is only made again.
  const args = [`--pwfile=${passwordFile}`, "-EUTF8", `--locale=${locale}`, "--no-sync"];
  const child = options.services.children.spawn({
    ...commandAs(options.user, join(options.binaries, "initdb"), ["-D", data, "-U", superuser, ...args]),
    cwd: options.home,
    env: commandEnv,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const abort = (): void => child.signal("SIGKILL");
  if (options.signal.aborted) abort();
  options.signal.addEventListener("abort", abort, { once: true });
  const { exitCode, error } = await child.exited;
  options.signal.removeEventListener("abort", abort);
  options.signal.throwIfAborted();
  if (exitCode === 0) return;
  throw new UnderstudyError(`'initdb' failed: ${(error?.message ?? said).trim()}`, {
    code: "service-failed",
    cause: error,
  });
}
