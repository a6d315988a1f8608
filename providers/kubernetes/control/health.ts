import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { messageOf, NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions, HealthObservation } from "../../../src/platform/contract.ts";
import { type Deadline, deadline } from "../client/deadline.ts";
import { type EntranceRef, readAddresses } from "../entrance.ts";
import { baseName, domainObject, processObject } from "../names.ts";
import { frontProcess, type Place } from "./place.ts";

const defaultTimeoutMs = 10_000;

/** Where and as whom the app is asked. */
interface Door {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /** The host name that users ask for. */
  readonly host: string;
  readonly path: string;
}

/** The object by which users come in. */
function entranceOf({ namespace, site: { app, settings } }: Place, front: string): EntranceRef {
  const { exposure } = settings;
  if (exposure.kind === "gateway")
    return { kind: "Gateway", namespace: exposure.namespace ?? namespace, name: exposure.name };
  if (exposure.kind === "service")
    return { kind: "Service", namespace, name: processObject(app, settings, front) };
  if (exposure.kind === "ingress") return { kind: "Ingress", namespace, name: baseName(app, settings) };
  const [domain] = app.domains.toSorted();
  const name = domain === undefined ? baseName(app, settings) : domainObject(app, settings, domain);
  return { kind: "Route", namespace, name };
}

/** As the settings say; else what the status of the entrance says. */
async function doorOf(place: Place, options: CallOptions): Promise<Door> {
  const { app, settings } = place.site;
  const front = frontProcess(place);
  const path = (front === undefined ? undefined : app.processes[front]?.http?.health?.path) ?? "/";
  const host = app.domains.find((domain) => !domain.startsWith("*."));
  if (settings.entrance !== undefined) {
    return { ...settings.entrance, host: host ?? settings.entrance.address, path };
  }
  const entrance = front === undefined ? undefined : entranceOf(place, front);
  const [address] = (entrance && (await readAddresses(place.client, entrance, options))) ?? [];
  if (entrance === undefined || address === undefined) {
    const what =
      entrance === undefined ? "The app" : `${entrance.kind} ${entrance.namespace}/${entrance.name}`;
    throw new NotFoundError(`${what} has no address to ask for its health at.`, {
      code: "no-entrance",
      suggestion: "Run `understudy up` for this site, or give its `entrance` in the site's settings.",
    });
  }
  // A Route ends TLS at the router always; the others only where there is a certificate for them.
  const tls = entrance.kind === "Route" || (entrance.kind !== "Service" && settings.tls !== undefined);
  return { address, port: tls ? 443 : 80, tls, host: host ?? address, path };
}

function statusOf({ address, port, tls, host, path }: Door, until: Deadline): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, connection: "close" };
    const options = { host: address, port, path, headers, agent: false as const, signal: until.signal };
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

/** Asks the app itself, past DNS: the connection goes to the entrance, the request names the app's host. */
export async function askHealth(place: Place, options: CallOptions): Promise<HealthObservation> {
  const until = deadline({ timeoutMs: defaultTimeoutMs, ...options });
  const door = await doorOf(place, until.options());
  const began = until.clock.monotonic();
  const took = (): string => `${Math.round(until.clock.monotonic() - began)} ms`;
  try {
    const status = await statusOf(door, until);
    const healthy = status >= 200 && status < 400;
    return { healthy, detail: `GET ${door.path} of ${door.host} answered ${status} in ${took()}` };
  } catch (error) {
    options.signal?.throwIfAborted();
    const why = until.signal.aborted ? "no answer" : messageOf(error);
    const at = `${door.tls ? "https" : "http"}://${door.address}:${door.port}`;
    return {
      healthy: false,
      detail: `GET ${door.path} of ${door.host} at ${at} failed after ${took()}: ${why}`,
    };
  }
}
