import type { Process } from "../../../src/app/schema.ts";
import type { InputValue } from "../../../src/platform/contract.ts";
import { httpPort } from "../names.ts";
import type { Fields } from "./kube.ts";
import { wholeSeconds } from "./quantity.ts";
import { frontProcess, type Site } from "./site.ts";

/** Seconds between checks until the first success: short, so that a quick start is seen. */
const startPeriod = 2;
/** Of a process of which no health is said: as long as a start may take elsewhere. */
const defaultGraceSeconds = 60;
/** A sick instance leaves the Service before it is restarted. */
const readinessPeriod = 5;

/** How long a start may take. */
export function graceOf(process: Process): number {
  return process.http?.health?.graceSeconds ?? defaultGraceSeconds;
}

/** As users come: with the site's host name, and through TLS where there is some. */
function headers(site: Site, name: string): InputValue {
  const host = site.app.domains.toSorted().find((domain) => !domain.startsWith("*"));
  if (host === undefined || frontProcess(site) !== name) return [];
  const isSecure = site.settings.tls !== undefined || site.settings.exposure.kind === "route";
  return [
    { name: "Host", value: host },
    ...(isSecure ? [{ name: "X-Forwarded-Proto", value: "https" }] : []),
  ];
}

/**
 * Probes of a process that listens. Without a stated health it is ready when its port is open, and restarted only when it
 * ends.
 */
export function probesOf(site: Site, name: string, process: Process): Fields {
  const health = process.http?.health;
  const startThreshold = wholeSeconds(graceOf(process) / startPeriod, 0);
  if (health === undefined) {
    const probe = { tcpSocket: { port: httpPort } };
    return {
      startupProbe: { ...probe, periodSeconds: startPeriod, failureThreshold: startThreshold },
      readinessProbe: { ...probe, periodSeconds: readinessPeriod },
    };
  }
  const httpHeaders = headers(site, name);
  const probe = {
    httpGet: {
      path: health.path,
      port: httpPort,
      ...((httpHeaders as readonly InputValue[]).length === 0 ? {} : { httpHeaders }),
    },
    timeoutSeconds: wholeSeconds(health.timeoutSeconds),
  };
  const period = wholeSeconds(health.intervalSeconds);
  return {
    // With no time for a start, the health checks begin at once.
    ...(startThreshold === 0
      ? {}
      : { startupProbe: { ...probe, periodSeconds: startPeriod, failureThreshold: startThreshold } }),
    readinessProbe: {
      ...probe,
      periodSeconds: Math.min(period, readinessPeriod),
      failureThreshold: Math.min(health.failures, 2),
    },
    livenessProbe: { ...probe, periodSeconds: period, failureThreshold: health.failures },
  };
}
