import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { messageOf } from "../base/errors.ts";
import type { HealthObservation } from "./contract.ts";

/** Where and as whom an app is asked. */
export interface Door {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** The host name that users ask for, also TLS's. */
  readonly host: string;
  readonly path: string;
}

function statusOf({ address, port, tls, host, path }: Door, signal: AbortSignal): Promise<number> {
  const headers = { host, connection: "close" };
  const options = { host: address, port, path, headers, agent: false as const, signal };
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      response.resume();
      resolve(response.statusCode ?? 0);
    };
    const sent = tls
      ? httpsRequest({ ...options, servername: host }, answered)
      : httpRequest(options, answered);
    sent.on("error", reject);
    sent.end();
  });
}

/**
 * Asks the app itself, past DNS: the connection goes to the entrance, the request names the app's host. One that gives no
 * answer before `until` ends is not healthy; the end of `cancelled` is thrown.
 */
export async function askHealth(
  door: Door,
  { until, cancelled }: { readonly until: AbortSignal; readonly cancelled?: AbortSignal | undefined },
): Promise<HealthObservation> {
  const { address, port, tls, host, path } = door;
  const startedAt = performance.now();
  const took = (): string => `${Math.round(performance.now() - startedAt)} ms`;
  try {
    const status = await statusOf(door, until);
    const healthy = status >= 200 && status < 400;
    return { healthy, detail: `GET ${path} of ${host} answered ${status} in ${took()}` };
  } catch (error) {
    cancelled?.throwIfAborted();
    const why = until.aborted ? "no answer" : messageOf(error);
    const at = `${tls ? "https" : "http"}://${address}:${port}`;
    return { healthy: false, detail: `GET ${path} of ${host} at ${at} failed after ${took()}: ${why}` };
  }
}
