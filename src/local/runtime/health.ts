import { get } from "node:http";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Where instances listen, as their router sees them. */
export const instanceAddress = "127.0.0.1";

/** Whether something accepts connections. */
export function acceptsConnections(port: number, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: instanceAddress, port, timeout: timeoutMs });
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}

/** Whether a GET is answered with exactly 200, as Cloud Foundry asks for. */
export function answersOk(port: number, path: string, timeoutMs = 1_000): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: instanceAddress, port, path, agent: false, timeout: timeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer in time")));
    request.once("error", () => resolve(false));
  });
}

/** Asks until the answer is yes (true), the time is up (false) or the signal ends it (false). */
export async function until(
  ask: () => Promise<boolean>,
  options: { readonly everyMs: number; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const end = performance.now() + options.timeoutMs;
  while (!options.signal.aborted && performance.now() < end) {
    if (await ask()) return true;
    await delay(options.everyMs, undefined, { signal: options.signal }).catch(() => {});
  }
  return false;
}
