import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { RetryableError, UnderstudyError } from "../../base/errors.ts";

/** Answers one message; undefined = no answer at all. Never rejects. */
export type Respond = (wire: Buffer, transport: "udp" | "tcp") => Promise<Buffer | undefined>;

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** A connection that says nothing for so long is closed. */
const idleMs = 10_000;
/** Tries to find one number that is free for both UDP and TCP. */
const portTries = 20;

/** Serves UDP and TCP on one port. Throws `port-in-use`, naming the address. */
export async function listen(address: string, port: number, respond: Respond): Promise<Listener> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listenOnce(address, port, respond);
    } catch (error) {
      const retryable = port === 0 && error instanceof RetryableError && attempt < portTries;
      if (!retryable) throw error;
    }
  }
}

async function listenOnce(address: string, port: number, respond: Respond): Promise<Listener> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    serveConnection(socket, respond);
  });
  const bound = await bindTcp(tcp, address, port);
  const udp = createSocket(address.includes(":") ? "udp6" : "udp4");
  try {
    await bindUdp(udp, address, bound);
  } catch (error) {
    tcp.close();
    throw error;
  }
  udp.on("message", (wire, peer) => {
    void respond(wire, "udp").then((answer) => {
      if (answer !== undefined && open) udp.send(answer, peer.port, peer.address);
    });
  });
  // An answer that can't be sent is lost, as it may be on any network; the asker tries again.
  udp.on("error", () => {});
  let open = true;
  return {
    port: bound,
    async close() {
      if (!open) return;
      open = false;
      const closed = Promise.all([once(tcp, "close"), once(udp, "close")]);
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

async function bindTcp(server: Server, address: string, port: number): Promise<number> {
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw bindError(error, address, port, "TCP");
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

async function bindUdp(socket: UdpSocket, address: string, port: number): Promise<void> {
  try {
    socket.bind({ address, port, exclusive: true });
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    throw bindError(error, address, port, "UDP");
  }
}

function bindError(error: unknown, address: string, port: number, transport: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  const options = { code: code === "EADDRINUSE" ? "port-in-use" : "can-not-listen", cause: error };
  if (code === "EADDRINUSE") {
    return new RetryableError(`${address}:${port} (${transport}) is in use by another process.`, {
      ...options,
      suggestion: "Stop that process, or set another port (0 = any free one).",
    });
  }
  return new UnderstudyError(
    `The name server can't listen on ${address}:${port} (${transport}): ${code}.`,
    options,
  );
}

/** Messages over TCP come with their length before them (RFC 1035, section 4.2.2), and may be cut anywhere. */
function serveConnection(socket: Socket, respond: Respond): void {
  let buffered = Buffer.alloc(0);
  let work = Promise.resolve();
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
      const end = 2 + buffered.readUInt16BE(0);
      const wire = buffered.subarray(2, end);
      buffered = buffered.subarray(end);
      work = work.then(async () => {
        const answer = await respond(wire, "tcp");
        if (answer === undefined || socket.destroyed) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([length, answer]));
      });
    }
  });
}
