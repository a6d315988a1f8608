import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { listen } from "./listen.ts";

export interface HttpServer {
  readonly port: number;
  /** Breaks every connection off, as a lost machine would. */
  reset(): void;
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly address: string;
  /** 0 = any that is free. */
  readonly port: number;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Requests for an upgrade come to `handle` as all others; without this they are refused. @default false */
  readonly takesUpgrades?: boolean;
  /** While true, connections are broken off as they come. @default never */
  readonly isDown?: () => boolean;
}

/** Longer than clients keep an idle connection, so that it is they who close it and no request meets a closing one. */
const keepAliveMs = 90_000;

/** A server on a loopback address whose connections can be broken off. Throws as {@link listen} does. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const sockets = new Set<Socket>();
  // A large upload may take its time: only silence is limited, not the whole of a request.
  const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, options.handle);
  if (options.takesUpgrades === true) {
    server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
      options.handle(request, responseOn(request, socket, head));
    });
  }
  server.on("connection", (socket: Socket) => {
    if (options.isDown?.() === true) {
      socket.resetAndDestroy();
      return;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const reset = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const port = await listen(server, options.address, options.port);
  return {
    port,
    reset,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      reset();
      await closed;
    },
  };
}

/** For an upgrade Node hands over a bare socket: with a response on it, errors can be answered as on any other request. */
function responseOn(request: IncomingMessage, socket: Socket, head: Buffer): ServerResponse {
  if (head.length > 0) socket.unshift(head);
  socket.on("error", () => socket.destroy());
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once("finish", () => socket.end());
  return response;
}
