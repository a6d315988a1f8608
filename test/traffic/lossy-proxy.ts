import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "./name-server.ts";

/** Stands before a name server and loses messages over UDP; TCP passes. */
export interface LossyProxy {
  readonly port: number;
  /** How many UPDATE answers are still to be lost, on their way back: the server has done the work. */
  loseAnswers: number;
  /** How many UPDATE requests are still to be lost, on their way there. */
  loseRequests: number;
  /** When set, connections over TCP are closed at once. */
  refuseTcp: boolean;
  /** When set, an UPDATE's answer reaches the asker with one bit changed. */
  tamper: boolean;
  stop(): Promise<void>;
}

const opcodeUpdate = 5;

function isUpdate(wire: Buffer): boolean {
  return ((wire.readUInt8(2) >> 3) & 0xf) === opcodeUpdate;
}

export async function startLossyProxy(serverPort: number): Promise<LossyProxy> {
  const port = await freePort();
  const front = createSocket("udp4");
  const sockets = new Set<Socket>();
  const tcp = createServer((client) => {
    if (proxy.refuseTcp) return client.destroy();
    const server = connect(serverPort, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    return client.pipe(server).pipe(client);
  });
  const proxy: LossyProxy = {
    port,
    loseAnswers: 0,
    loseRequests: 0,
    refuseTcp: false,
    tamper: false,
    async stop() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.all([once(front, "close"), once(tcp, "close")]);
      front.close();
      tcp.close();
      await closed;
    },
  };
  front.on("message", (request, asker) => {
    if (isUpdate(request) && proxy.loseRequests > 0) {
      proxy.loseRequests--;
      return;
    }
    const back = createSocket("udp4");
    // An answer that never comes must not keep the socket.
    const giveUp = setTimeout(() => back.close(), 10_000);
    back.on("message", (answer) => {
      clearTimeout(giveUp);
      back.close();
      if (isUpdate(answer) && proxy.loseAnswers > 0) {
        proxy.loseAnswers--;
        return;
      }
      if (isUpdate(answer) && proxy.tamper)
        answer.writeUInt8(answer.readUInt8(answer.length - 20) ^ 1, answer.length - 20);
      front.send(answer, asker.port, asker.address);
    });
    back.send(request, serverPort, "127.0.0.1");
  });
  front.bind(port, "127.0.0.1");
  tcp.listen(port, "127.0.0.1");
  await Promise.all([once(front, "listening"), once(tcp, "listening")]);
  return proxy;
}
