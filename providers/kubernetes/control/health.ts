import { NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions, HealthObservation } from "../../../src/platform/contract.ts";
import { askHealth, type Door } from "../../../src/platform/health.ts";
import { deadline } from "../client/deadline.ts";
import { type EntranceRef, readAddresses } from "../entrance.ts";
import { baseName, domainObject, processObject } from "../names.ts";
import { frontProcess, type Place } from "./place.ts";

const defaultTimeoutMs = 10_000;

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

/** Asks the app itself, past DNS. */
export async function readHealth(place: Place, options: CallOptions): Promise<HealthObservation> {
  const until = deadline({ timeoutMs: defaultTimeoutMs, ...options });
  const door = await doorOf(place, until.options());
  return await askHealth(door, { until: until.signal, cancelled: options.signal });
}
