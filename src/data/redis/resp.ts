import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { InputError, RetryableError, UnderstudyError } from "../../base/errors.ts";

/** A value of RESP2: https://redis.io/docs/latest/develop/reference/protocol-spec/ Strings are bytes. */
export type Reply = Buffer | number | null | RedisError | readonly Reply[];

/** The server refused a command. `code` is its first word, e.g. `BUSYKEY`. */
export class RedisError extends UnderstudyError {
  constructor(message: string) {
    super(`Redis refused: ${message}`, { code: message.split(" ", 1)[0] ?? "ERR" });
  }
}

/** A connection to one Redis database. */
export interface Redis {
  /** Sends all commands at once and gives their replies; a refused one is a {@link RedisError} in the list. */
  pipeline(commands: readonly (readonly (string | Buffer)[])[]): Promise<readonly Reply[]>;
  /** One command. Throws its {@link RedisError}. */
  call(...command: readonly (string | Buffer)[]): Promise<Reply>;
  close(): void;
}

function encode(command: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${command.length}\r\n`)];
  for (const item of command) {
    const bytes = typeof item === "string" ? Buffer.from(item) : item;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}

interface Decoded {
  readonly reply: Reply;
  /** Where the next one begins. */
  readonly next: number;
}

/** Reads one reply from `at`, or says how many bytes there must be before it is worth another try. */
function decode(data: Buffer, at: number): Decoded | number {
  const end = data.indexOf("\r\n", at);
  if (end < 0) return data.length + 1;
  const line = data.toString("utf8", at + 1, end);
  const next = end + 2;
  switch (String.fromCharCode(data[at] ?? 0)) {
    case "+":
      return { reply: Buffer.from(line), next };
    case "-":
      return { reply: new RedisError(line), next };
    case ":":
      return { reply: Number(line), next };
    case "$": {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      const whole = next + length + 2;
      return data.length < whole ? whole : { reply: data.subarray(next, next + length), next: whole };
    }
    case "*":
      return Number(line) < 0 ? { reply: null, next } : decodeList(data, next, Number(line));
    default:
      throw new UnderstudyError("The server does not speak Redis's protocol.", { code: "not-redis" });
  }
}

function decodeList(data: Buffer, at: number, length: number): Decoded | number {
  const reply: Reply[] = [];
  let next = at;
  while (reply.length < length) {
    const item = decode(data, next);
    if (typeof item === "number") return item;
    reply.push(item.reply);
    next = item.next;
  }
  return { reply, next };
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Reads `redis://` and `rediss://` URLs. Throws {@link InputError} that never shows the URL. */
export function parseRedisUrl(text: string, where: string): Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "redis:" && url?.protocol !== "rediss:") {
    throw new InputError([
      {
        code: "bad-redis-url",
        message: `The Redis URL of ${where} is not one.`,
        suggestion: "It must look like rediss://:password@host:6379/0.",
      },
    ]);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    tls: url.protocol === "rediss:",
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1) || "0",
  };
}

/** Connects, logs in and selects the database. Throws {@link RetryableError} `redis-unreachable`. */
export async function openRedis(url: string, where: string, signal?: AbortSignal): Promise<Redis> {
  const place = parseRedisUrl(url, where);
  const lost = (cause: unknown) =>
    new RetryableError(`The Redis of ${where} (${place.host}:${place.port}) can't be used.`, {
      code: "redis-unreachable",
      cause,
      suggestion: "Check that it runs, and that the site's URL of it is the present one.",
    });
  const waiting: { readonly resolve: (reply: Reply) => void; readonly reject: (error: unknown) => void }[] =
    [];
  // As Redis's hosted plans want it: encrypted, with a certificate that nobody has signed.
  const socket: Socket = place.tls
    ? connectTls({ host: place.host, port: place.port, rejectUnauthorized: false, servername: place.host })
    : connectTcp({ host: place.host, port: place.port });
  let failure: unknown;
  const chunks: Buffer[] = [];
  let size = 0;
  let wanted = 1;
  const fail = (cause: unknown) => {
    failure ??= signal?.aborted === true ? signal.reason : lost(cause);
    socket.destroy();
    for (const item of waiting.splice(0)) item.reject(failure);
  };
  const abort = () => fail(undefined);
  signal?.addEventListener("abort", abort, { once: true });
  socket.setTimeout(30_000, () => {
    if (waiting.length > 0) fail(new Error("no answer within 30 s"));
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed")));
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    // A large value comes in many pieces: they are joined once it is whole.
    if (size < wanted) return;
    const data = Buffer.concat(chunks.splice(0));
    try {
      let at = 0;
      while (at < data.length) {
        const found = decode(data, at);
        if (typeof found === "number") {
          wanted = found - at;
          break;
        }
        wanted = 1;
        at = found.next;
        waiting.shift()?.resolve(found.reply);
      }
      if (at < data.length) chunks.push(data.subarray(at));
      size = data.length - at;
    } catch (error) {
      fail(error);
    }
  });
  const pipeline: Redis["pipeline"] = async (commands) => {
    if (failure !== undefined) throw failure;
    const replies = commands.map(
      () => new Promise<Reply>((resolve, reject) => waiting.push({ resolve, reject })),
    );
    socket.write(Buffer.concat(commands.map(encode)));
    return await Promise.all(replies);
  };
  const redis: Redis = {
    pipeline,
    call: async (...command) => {
      const [reply = null] = await pipeline([command]);
      if (reply instanceof RedisError) throw reply;
      return reply;
    },
    close: () => {
      signal?.removeEventListener("abort", abort);
      failure ??= lost(new Error("it was closed"));
      socket.destroy();
    },
  };
  try {
    if (signal?.aborted === true) throw signal.reason;
    if (place.password !== "") {
      await redis.call("AUTH", ...(place.user === "" ? [] : [place.user]), place.password);
    }
    if (place.database !== "0") await redis.call("SELECT", place.database);
    await redis.call("PING");
    return redis;
  } catch (error) {
    redis.close();
    // Rotated credentials: the next URL may do.
    throw error instanceof RedisError && /^(WRONGPASS|NOAUTH)$/.test(error.code) ? lost(error) : error;
  }
}
