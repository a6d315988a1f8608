import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logs, RoutedRequest, Router, RouterErrorKind, RuntimeFlavour } from "./contract.ts";
import type { OwnFaults } from "./faults.ts";
import { forwardedForOf, requestIdOf } from "./forwarding.ts";
import { openHttpServer } from "./http-server.ts";
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

/** An HTTP/1.1 reverse proxy in front of the supervisor's instances. Throws as {@link openHttpServer} does. */
export async function createRouter(options: RouterOptions): Promise<OwnRouter> {
  const { flavour, supervisor, logs, faults, queueMs = 30_000, idleMs = 55_000 } = options;
  const table = new RouteTable();
  const inMaintenance = new Set<string>();

  /** Finds where a request goes and takes it there. */
  async function deliver(
    request: IncomingMessage,
    response: ServerResponse,
    known: Pick<RoutedRequest, "host" | "requestId" | "forwardedFor">,
  ): Promise<Delivery> {
    const target = table.find(known.host, request.url ?? "/");
    if (target === undefined) return { app: undefined, error: "unknown-host" };
    if (inMaintenance.has(target.app)) return { app: target.app, error: "maintenance" };
    const delivery = forward({
      request,
      response,
      target,
      supervisor,
      forwarding: { ...known, receivedAt: Date.now(), port: server.port, via: flavour.via },
      limits: { queueMs, idleMs, firstByteMs: flavour.firstByteMs },
    });
    // A request that can't be passed on for what it holds must not end the provider.
    return await delivery.catch(() => ({ app: target.app, error: "platform-error" }) as const);
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

  const server = await openHttpServer({
    address: flavour.address,
    port: flavour.routerPort,
    takesUpgrades: true,
    isDown: () => faults.isDown("routing"),
    handle: (request, response) => void handle(request, response),
  });
  faults.onChange(() => {
    if (faults.isDown("routing")) server.reset();
  });

  return {
    address: flavour.address,
    port: server.port,
    route: (host, { app, type, path }) => table.set(host, path, { app, type }),
    unroute: (host, path) => table.delete(host, path),
    maintenance: (app, on) => {
      if (on) inMaintenance.add(app);
      else inMaintenance.delete(app);
    },
    close: server.close,
  };
}
