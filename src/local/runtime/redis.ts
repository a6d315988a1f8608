import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { NotFoundError, RetryableError, UnderstudyError } from "../../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../../base/file.ts";
import { findCommand } from "./command.ts";
import type { RedisInstance, RedisService } from "./contract.ts";
import { Daemon } from "./daemon.ts";
import type { ServiceOptions } from "./services.ts";
import { Turns } from "./turns.ts";

export interface OwnRedis extends RedisService {
  close(): Promise<void>;
}

const recordsSchema = z.record(
  z.string(),
  z.object({ folder: z.string(), port: z.number(), password: z.string() }),
);
type Records = z.output<typeof recordsSchema>;

/** Whether the server takes the password and answers; the protocol's inline commands need no client. */
function answersPing({ host, port, password }: RedisInstance): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 }, () =>
      socket.write(`AUTH ${password}\r\nPING\r\n`),
    );
    let text = "";
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (text.includes("+PONG")) end(true);
    });
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

/** One `redis-server` for each instance: a cache, nothing is kept over a stop. Those of earlier runs are started again. */
export async function createRedis({
  folder,
  address,
  children,
  ports,
  faults,
}: ServiceOptions): Promise<OwnRedis> {
  const path = join(folder, "redis.json");
  const records: Records = recordsSchema.parse(JSON.parse((await readTextIfExists(path)) ?? "{}"));
  const daemons = new Map<string, Daemon>();
  const save = (): Promise<void> => writeFileAtomic(path, JSON.stringify(records), { mode: 0o600 });

  const turns = new Turns();

  const instanceOf = (id: string, { port, password }: Records[string]): RedisInstance => ({
    id,
    host: address,
    port,
    password,
  });

  async function makeDaemon(record: Records[string], instance: RedisInstance): Promise<Daemon> {
    const home = join(folder, "redis", record.folder);
    const command = await findCommand("redis-server");
    if (command === undefined) {
      throw new UnderstudyError("There is no Redis server on this machine.", {
        code: "service-missing",
        suggestion: "Install it, e.g. 'apt-get install redis-server' or 'brew install redis'.",
      });
    }
    const lines = [
      `bind ${address}`,
      `port ${record.port}`,
      // In a file: a command line can be read by every user of the machine.
      `requirepass ${record.password}`,
      'save ""',
      "appendonly no",
      "daemonize no",
      `dir ${JSON.stringify(home)}`,
    ];
    await mkdir(home, { recursive: true });
    const config = join(home, "redis.conf");
    await writeFile(config, `${lines.join("\n")}\n`, { mode: 0o600 });
    const env = { PATH: process.env.PATH ?? "", LANG: "C" };
    return new Daemon({
      name: "Redis",
      spawn: () => children.spawn({ command, args: [config], cwd: home, env }),
      isReady: () => answersPing(instance),
    });
  }

  async function start(id: string): Promise<RedisInstance> {
    const record = records[id];
    if (record === undefined)
      throw new NotFoundError(`There is no Redis '${id}'.`, { code: "unknown-redis" });
    const instance = instanceOf(id, record);
    const daemon = daemons.get(id) ?? (await makeDaemon(record, instance));
    daemons.set(id, daemon);
    await daemon.start();
    return instance;
  }

  const startAll = (): Promise<unknown> => Promise.all(Object.keys(records).map(start));
  const stopAll = (): Promise<unknown> =>
    Promise.all([...daemons.values()].map((daemon) => daemon.stop("SIGTERM")));

  async function create(id: string): Promise<RedisInstance> {
    if (faults.isDown("database")) {
      throw new RetryableError("Redis is down: a fault is switched on.", { code: "database-down" });
    }
    if (records[id] === undefined) {
      const [name, password] = [randomBytes(8).toString("hex"), randomBytes(24).toString("hex")];
      records[id] = { folder: name, password, port: await ports.take(address) };
      await save();
    }
    return await start(id);
  }

  async function drop(id: string): Promise<void> {
    const record = records[id];
    if (record === undefined) return;
    await daemons.get(id)?.stop("SIGTERM");
    daemons.delete(id);
    delete records[id];
    ports.giveBack(record.port);
    await save();
    await rm(join(folder, "redis", record.folder), { recursive: true, force: true });
  }

  faults.onChange(async () => {
    await turns.take(() => (faults.isDown("database") ? stopAll() : startAll()));
  });
  await startAll();

  return {
    create: (id) => turns.take(() => create(id)),
    get: async (id) => {
      const record = records[id];
      return record && instanceOf(id, record);
    },
    drop: (id) => turns.take(() => drop(id)),
    close: async () => {
      await turns.idle();
      await stopAll();
    },
  };
}
