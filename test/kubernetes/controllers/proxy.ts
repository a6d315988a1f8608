import {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Endpoint, Lookup } from "./table.ts";

const connectMs = 3_000;
/** Endpoints that are tried when one takes no connection. */
const attempts = 3;

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "text/plain" });
  response.end(`${reason}\n`);
}

function optionsFor(incoming: IncomingMessage, { address, port }: Endpoint): RequestOptions {
  const { connection: _, ...headers } = incoming.headers;
  const from = incoming.socket.remoteAddress ?? "";
  const before = headers["x-forwarded-for"];
  return {
    host: address,
    port,
    method: incoming.method,
    path: incoming.url,
    agent: false,
    headers: {
      ...headers,
      "x-forwarded-for": before === undefined ? from : `${String(before)}, ${from}`,
      "x-forwarded-proto": "http",
      "x-forwarded-host": headers.host,
    },
  };
}

/** One attempt: `false` when the endpoint took no connection, so that nothing was sent. */
function forward(incoming: IncomingMessage, response: ServerResponse, endpoint: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(optionsFor(incoming, endpoint));
    let connected = false;
    const timer = setTimeout(() => sent.destroy(new Error("no connection")), connectMs);
    sent.once("socket", (socket) => {
      socket.once("connect", () => {
        connected = true;
        clearTimeout(timer);
        incoming.pipe(sent);
      });
    });
    sent.once("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.once("end", () => resolve(true));
      answer.once("error", () => {
        response.destroy();
        resolve(true);
      });
    });
    sent.once("error", () => {
      clearTimeout(timer);
      if (connected) refuse(response, 502, "the app broke the connection off");
      resolve(connected);
    });
    response.once("close", () => sent.destroy());
  });
}

/** Sends each request to a ready pod of the host that it names; 404 for a host that nobody asked for, 503 where no pod is ready. */
export function createProxy(lookUp: (host: string, path: string) => Lookup): Server {
  let turn = 0;
  return createServer({ keepAliveTimeout: 90_000 }, async (incoming, response) => {
    incoming.on("error", () => response.destroy());
    const host = (incoming.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    const found = lookUp(host, (incoming.url ?? "/").split("?")[0] ?? "/");
    if (found === undefined) return refuse(response, 404, `no route for ${host}`);
    if (found.length === 0) return refuse(response, 503, `no pod of ${host} is ready`);
    for (let attempt = 0; attempt < Math.min(attempts, found.length); attempt++) {
      const endpoint = found[turn++ % found.length];
      if (endpoint !== undefined && (await forward(incoming, response, endpoint))) return;
    }
    refuse(response, 502, `no pod of ${host} takes connections`);
  });
}
