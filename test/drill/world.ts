import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decode, encode } from "dns-packet";

/** A DNS server with one A record that tests move. */
export interface TestDns {
  readonly server: string;
  address: string;
  close(): void;
}

export async function startDns(address: string, ttlSeconds: number): Promise<TestDns> {
  const socket = createSocket("udp4");
  const dns: TestDns = { server: "", address, close: () => socket.close() };
  socket.on("message", (message, from) => {
    const { id, questions = [] } = decode(message);
    const name = questions[0]?.name ?? "";
    const answer = encode({
      type: "response",
      // Authoritative, recursion available: stub resolvers want both to be content.
      flags: 0x0480,
      ...(id === undefined ? {} : { id }),
      questions,
      answers: questions[0]?.type === "A" ? [{ type: "A", name, ttl: ttlSeconds, data: dns.address }] : [],
    });
    socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return Object.assign(dns, { server: `127.0.0.1:${socket.address().port}` });
}

/** A site that keeps what is written to it, as the guestbook does. */
export interface TestSite {
  readonly address: string;
  readonly port: number;
  readonly entries: Set<string>;
  /** Answers requests itself instead when set. */
  behaviour: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly hosts: Set<string>;
  readonly connections: () => number;
  close(): Promise<void>;
}

export async function startSite(address: string, port = 0): Promise<TestSite> {
  const entries = new Set<string>();
  const hosts = new Set<string>();
  let connections = 0;
  const server: Server = createServer({ keepAliveTimeout: 90_000 }, (request, response) => {
    hosts.add(request.headers.host ?? "");
    request.resume();
    if (site.behaviour?.(request, response) === true) return;
    const id = request.url?.match(/^\/entries\/(.+)$/)?.[1];
    if (request.method === "PUT" && id !== undefined) entries.add(id);
    const missing = request.method === "GET" && id !== undefined && !entries.has(id);
    response
      .writeHead(missing ? 404 : 200)
      .end(JSON.stringify(missing ? { error: "no such entry" } : { id }));
  });
  server.on("connection", () => connections++);
  server.listen(port, address);
  await once(server, "listening");
  const site: TestSite = {
    address,
    port: (server.address() as AddressInfo).port,
    entries,
    hosts,
    behaviour: undefined,
    connections: () => connections,
    close: async () => {
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, "close");
    },
  };
  return site;
}
