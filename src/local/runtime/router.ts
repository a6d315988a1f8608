import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logs, Router, RoutedRequest, RouterErrorKind, RuntimeFlavour } from "./contract.ts";
import { forwardedForOf, requestIdOf } from "./forwarding.ts";
import type { OwnFaults } from "./faults.ts";
import { listen } from "./listen.ts";
import { type Delivery, forward } from "./proxy.ts";
import { hostOf, RouteTable } from "./route-table.ts";
import type { OwnSupervisor } from "./supervisor.ts";

export interface OwnRouter extends Router {
  close(): Promise<void>;
}

export interface RouterOptions {
  readonly flavour: RuntimeFlavour;
  readonly supervisor: OwnSupervisor;
  readonly logs: Logs;
  readonly faults: OwnFaults;
  /** How long a request waits for an instance that is starting, milliseconds. @default 30_000 */
  readonly queueMs?: number;
  /** Longest silence once an answer has begun, milliseconds. @default 55_000 */
  readonly idleMs?: number;
}

/** Longer than clients keep an idle connection, so that it is they who close it and no request meets a closing one. */
const keepAliveMs = 90_000;

/** An HTTP/1.1 reverse proxy in front of the supervisor's instances. Throws as {@link listen} does. */
export async function createRouter(options: RouterOptions): Promise<OwnRouter> {
  const { flavour, supervisor, logs, faults, queueMs = 30_000, idleMs = 55_000 } = options;
  const table = new RouteTable();
  const inMaintenance = new Set<string>();
  const sockets = new Set<Socket>();
  let port = flavour.routerPort;

  /** Finds where a request goes and takes it there; undefined when it goes nowhere. */
  async function deliver(
    request: IncomingMessage,
    response: ServerResponse,
    known: Pick<RoutedRequest, "host" | "requestId" | "forwardedFor">,
  ): Promise<Delivery> {
    const target = table.find(known.host, request.url ?? "/");
    if (target === undefined) return { app: undefined, error: "unknown-host" };
    if (inMaintenance.has(target.app)) return { app: target.app, error: "maintenance" };
    return await forward({
      request,
      response,
      target,
      supervisor,
      forwarding: { ...known, receivedAt: Date.now(), port, via: flavour.via },
      limits: { queueMs, idleMs, firstByteMs: flavour.firstByteMs },
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const known = {
      host: hostOf(request.headers.host),
      requestId: requestIdOf(request),
      forwardedFor: forwardedForOf(request),
    };
    const gate = await faults.gate("routing");
    if (gate === "reset") {
      request.socket.resetAndDestroy();
      return;
    }
    const delivery: Delivery =
      gate === "error"
        ? { app: table.find(known.host, request.url ?? "/")?.app, error: "platform-error" }
        : await deliver(request, response, known);
    if (delivery.error !== undefined) answerWithPage(response, delivery.error, known.host);
    if (delivery.app === undefined) return;
    const routed: RoutedRequest = {
      ...known,
      app: delivery.app,
      method: request.method ?? "GET",
      path: request.url ?? "/",
      instance: delivery.instance,
      connectMs: Math.round(delivery.connectMs ?? 0),
      serviceMs: Math.round(performance.now() - startedAt - (delivery.connectMs ?? 0)),
      status: delivery.status ?? response.statusCode,
      bytes: delivery.bytes ?? 0,
      error: delivery.error,
    };
    logs.append(delivery.app, {
      time: Date.now(),
      kind: "router",
      stream: "out",
      source: "router",
      type: delivery.instance?.type,
      index: delivery.instance?.index,
      text: flavour.accessLine(routed),
    });
  }

  function answerWithPage(response: ServerResponse, error: RouterErrorKind, host: string): void {
    if (response.headersSent) {
      // The answer had begun: all that is left is to break it off, so that it isn't taken for whole.
      response.destroy();
      return;
    }
    const page = flavour.errorPage(error, host);
    response.writeHead(page.status, { ...page.headers, "Content-Length": Buffer.byteLength(page.body) });
    response.end(page.body);
  }

  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (request, response) => {
    void handle(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    // Node hands over a bare socket here; with a response on it, errors are answered as on any other request.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once("finish", () => socket.end());
    socket.on("error", () => socket.destroy());
    void handle(request, response);
  });
  server.on("connection", (socket: Socket) => {
    if (faults.isDown("routing")) {
      socket.resetAndDestroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const resetAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  faults.onChange(() => {
    if (faults.isDown("routing")) resetAll();
  });
  port = await listen(server, flavour.address, flavour.routerPort);

  return {
    address: flavour.address,
    port,
    route: (host, { app, type, path }) => table.set(host, path, { app, type }),
    unroute: (host, path) => table.delete(host, path),
    maintenance: (app, on) => {
      if (on) inMaintenance.add(app);
      else inMaintenance.delete(app);
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      resetAll();
      await closed;
    },
  };
}
