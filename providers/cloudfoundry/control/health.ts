import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { messageOf } from "../../../src/base/errors.ts";
import type { HealthObservation } from "../../../src/platform/contract.ts";
import type { Deadline } from "../api/deadline.ts";

/** Where and as whom the app is asked. */
export interface Entrance {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** The host name that users ask for. */
  readonly host: string;
  readonly path: string;
}

/** Asks the app itself, past DNS: the connection goes to the entrance, the request names the app's host. */
export async function askHealth(entrance: Entrance, deadline: Deadline): Promise<HealthObservation> {
  const { host, path, tls } = entrance;
  const began = deadline.clock.monotonic();
  const took = () => `${Math.round(deadline.clock.monotonic() - began)} ms`;
  try {
    const status = await statusOf(entrance, deadline);
    const healthy = status >= 200 && status < 400;
    return { healthy, detail: `GET ${path} for ${host} answered ${status} in ${took()}` };
  } catch (error) {
    if (deadline.signal?.aborted === true) throw deadline.signal.reason;
    const place = `${tls ? "https" : "http"}://${entrance.address}:${entrance.port}`;
    return {
      healthy: false,
      detail: `GET ${path} for ${host} at ${place} failed after ${took()}: ${messageOf(error)}`,
    };
  }
}

function statusOf({ address, port, tls, host, path }: Entrance, deadline: Deadline): Promise<number> {
  const limit = AbortSignal.timeout(Math.max(1, Math.min(10_000, deadline.remainingMs())));
  const signal = deadline.signal === undefined ? limit : AbortSignal.any([limit, deadline.signal]);
  return new Promise((resolve, reject) => {
    const options = { host: address, port, path, method: "GET", headers: { host }, agent: false, signal };
    const answered = (response: IncomingMessage) => {
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
