import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** A real server in a folder of its own. */
export interface TestServer {
  readonly url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** The newest Debian PostgreSQL's folder of commands, or undefined. */
async function postgresCommands(): Promise<string | undefined> {
  const versions = await readdir("/usr/lib/postgresql").catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : `/usr/lib/postgresql/${newest}/bin`;
}

/** PostgreSQL refuses to run as root: as root it runs as `postgres`, which Debian's package makes. */
export async function startPostgres(): Promise<TestServer | undefined> {
  const commands = await postgresCommands();
  if (commands === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "understudy-postgres-"));
  const root = process.getuid?.() === 0;
  if (root) {
    const { stdout } = await execute("id", ["-u", "postgres"]);
    await chown(folder, Number(stdout), -1);
  }
  const call = (name: string, args: readonly string[]) => {
    const command = join(commands, name);
    return root
      ? execute("runuser", ["-u", "postgres", "--", command, ...args], { cwd: "/" })
      : execute(command, [...args]);
  };
  const data = join(folder, "data");
  await call("initdb", ["-D", data, "-U", "guestbook", "-A", "trust", "-E", "UTF8", "--no-sync"]);
  // Only now, so that nobody else takes it meanwhile.
  const port = await freePort();
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
  const server: TestServer = {
    url: `postgres://guestbook@127.0.0.1:${port}/postgres`,
    start: async () => {
      await call("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", options, "start"]);
    },
    stop: async () => {
      await call("pg_ctl", ["-D", data, "-w", "-m", "fast", "stop"]);
    },
    remove: async () => {
      await server.stop().catch(() => {});
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** Redis without persistence, or undefined where there is none. */
export async function startRedis(): Promise<TestServer | undefined> {
  const port = await freePort();
  let child: ReturnType<typeof spawn> | undefined;
  const server: TestServer = {
    url: `redis://127.0.0.1:${port}`,
    start: async () => {
      const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmpdir()];
      child = spawn("redis-server", args, { stdio: "ignore" });
      await once(child, "spawn");
    },
    stop: async () => {
      if (child === undefined || child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
    remove: () => server.stop(),
  };
  try {
    await server.start();
    return server;
  } catch {
    return undefined;
  }
}
