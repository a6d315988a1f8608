import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { headerPairs, responseHeaders } from "./forwarding.ts";

export interface TunnelOptions {
  readonly client: Socket;
  readonly upgraded: Socket;
  /** What the instance sent behind its answer already. */
  readonly head: Buffer;
  readonly answer: IncomingMessage;
  readonly via: string | undefined;
  /** Longest silence of both, milliseconds. */
  readonly idleMs: number;
}

/** Passes an instance's 101 on and joins the two connections until either ends; gives the bytes sent to the client. */
export function joinSockets(options: TunnelOptions): Promise<number> {
  const { client, upgraded, head, answer, via, idleMs } = options;
  const headers = [...responseHeaders(answer, via), "Connection", "Upgrade"];
  if (answer.headers.upgrade !== undefined) headers.push("Upgrade", answer.headers.upgrade);
  const lines = headerPairs(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  client.write(`HTTP/1.1 101 ${answer.statusMessage ?? "Switching Protocols"}\r\n${lines.join("")}\r\n`);
  if (head.length > 0) client.write(head);
  let lastData = performance.now();
  return new Promise((resolve) => {
    const end = (): void => {
      client.destroy();
      upgraded.destroy();
      resolve(upgraded.bytesRead);
    };
    for (const [from, to] of [
      [client, upgraded],
      [upgraded, client],
    ] as const) {
      from.setNoDelay(true);
      // Silence counts only when it is on both sides: a one-way stream is alive.
      from.setTimeout(idleMs, () => {
        if (performance.now() - lastData >= idleMs - 1) end();
      });
      from.on("data", () => {
        lastData = performance.now();
      });
      from.on("error", end);
      from.once("close", end);
      from.pipe(to);
    }
  });
}
