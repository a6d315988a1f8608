import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Instance, RouterErrorKind } from "./contract.ts";
import { type Forwarding, isUpgrade, requestHeaders, responseHeaders } from "./forwarding.ts";
import { instanceAddress } from "./health.ts";
import type { RouteTarget } from "./route-table.ts";
import type { OwnSupervisor } from "./supervisor.ts";
import { joinSockets } from "./tunnel.ts";

/** What came of one request. With an `error` the router's page is due, unless the answer had begun. */
export interface Delivery {
  readonly app: string | undefined;
  readonly instance?: { readonly type: string; readonly index: number };
  readonly connectMs?: number;
  readonly status?: number;
  /** Of the answer's body. */
  readonly bytes?: number;
  readonly error?: RouterErrorKind | undefined;
}

export interface ForwardOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: RouteTarget;
  readonly supervisor: OwnSupervisor;
  readonly forwarding: Forwarding;
  readonly limits: { readonly queueMs: number; readonly idleMs: number; readonly firstByteMs: number };
}

const connectLimitMs = 5_000;
/** An instance that refuses is dying or has just died: another look finds another one, or one to wait for. */
const attempts = 3;
const betweenAttemptsMs = 50;
/** What nginx calls a request whose client went away; no client sees it. */
const clientClosed = 499;

type Placed = { readonly instance: Instance } | { readonly error: RouterErrorKind };

/** An instance that is up, at random; while none is but one is coming, waits for it. */
async function place({ supervisor, target, limits }: ForwardOptions, signal: AbortSignal): Promise<Placed> {
  const { app, type } = target;
  const look = (): Placed | undefined => {
    const outlook = supervisor.outlook(app, type);
    if (outlook.state === "up") {
      const instance = outlook.instances[Math.floor(Math.random() * outlook.instances.length)];
      return instance === undefined ? undefined : { instance };
    }
    if (outlook.state === "starting") return undefined;
    return { error: outlook.state === "none" ? "no-instances" : "crashed" };
  };
  const placed = look();
  if (placed !== undefined) return placed;
  try {
    return await supervisor.watch(look, AbortSignal.any([signal, AbortSignal.timeout(limits.queueMs)]));
  } catch {
    return { error: "starting" };
  }
}

function open(port: number): Promise<Socket | "refused" | "connect-timeout"> {
  return new Promise((resolve) => {
    const socket = connect({ host: instanceAddress, port, noDelay: true, timeout: connectLimitMs });
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("error").removeAllListeners("timeout");
      resolve(socket);
    });
    socket.once("error", () => resolve("refused"));
    socket.once("timeout", () => {
      socket.destroy();
      resolve("connect-timeout");
    });
  });
}

/** Takes a request to an instance and its answer back, streaming both ways. */
export async function forward(options: ForwardOptions): Promise<Delivery> {
  const { response, target } = options;
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  let last: Delivery = { app: target.app, error: "refused" };
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (attempt > 1) await delay(betweenAttemptsMs);
    const placed = await place(options, gone.signal);
    if (gone.signal.aborted) return { app: target.app, status: clientClosed };
    if ("error" in placed) return { app: target.app, error: placed.error };
    const { type, index, port } = placed.instance;
    const startedAt = performance.now();
    const socket = await open(port);
    const known = { app: target.app, instance: { type, index }, connectMs: performance.now() - startedAt };
    if (typeof socket !== "string") return { ...known, ...(await exchange(socket, options)) };
    last = { ...known, error: socket };
    if (socket === "connect-timeout") break;
  }
  return last;
}

type Exchanged = Pick<Delivery, "status" | "bytes" | "error">;

/** One request and its answer over an open connection. */
function exchange(
  socket: Socket,
  { request, response, forwarding, limits }: ForwardOptions,
): Promise<Exchanged> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let bytes = 0;
    let hasAnswer = false;
    let isDone = false;
    const end = (result: Exchanged): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      request.unpipe();
      socket.destroy();
      resolve(result);
    };
    const upstream = httpRequest({
      createConnection: () => socket,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      headers: requestHeaders(request, forwarding),
      setHost: false,
    });
    const waitForFirstByte = (): void => {
      timer ??= setTimeout(() => end({ error: "first-byte-timeout" }), limits.firstByteMs);
    };
    upstream.on("error", () => end({ error: "closed" }));
    upstream.once("close", () => {
      if (!hasAnswer) end({ error: "closed" });
    });
    response.once("close", () => {
      if (!response.writableFinished) end({ status: clientClosed, bytes });
    });
    upstream.once("response", (answer) => {
      hasAnswer = true;
      clearTimeout(timer);
      socket.setTimeout(limits.idleMs, () =>
        end({ error: "closed", bytes, status: answer.statusCode ?? 502 }),
      );
      const status = answer.statusCode ?? 502;
      response.writeHead(status, answer.statusMessage ?? "", responseHeaders(answer, forwarding.via));
      response.flushHeaders();
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on("error", () => end({ error: "closed", bytes, status }));
      answer.pipe(response);
      response.once("finish", () => end({ status, bytes }));
    });
    upstream.once("upgrade", (answer, upgraded, head) => {
      clearTimeout(timer);
      hasAnswer = isDone = true;
      const client = request.socket;
      response.detachSocket(client);
      joinSockets({
        client,
        upgraded: upgraded as Socket,
        head,
        answer,
        via: forwarding.via,
        idleMs: limits.idleMs,
      })
        .then((sent) => resolve({ status: 101, bytes: sent }))
        .catch(() => resolve({ status: 101 }));
    });
    if (isUpgrade(request)) {
      upstream.end();
      waitForFirstByte();
      return;
    }
    // The limit counts from when the instance has all it needs to answer.
    request.once("end", waitForFirstByte);
    request.pipe(upstream);
  });
}
