import { isIP } from "node:net";
import { envNamesOf } from "../../../src/app/roles.ts";
import { NotFoundError } from "../../../src/base/errors.ts";
import type { CallOptions } from "../../../src/platform/contract.ts";
import { type KubernetesObject, valueAt } from "../client/object.ts";
import { addressesOf } from "../entrance.ts";
import { envObject, serviceObject } from "../names.ts";
import { trialKinds } from "../render/trial.ts";
import { externalUrl } from "../resources/external-service.ts";
import { secretValue } from "../resources/service-secret.ts";
import type { ServiceSettings } from "../settings.ts";
import type { Place } from "./place.ts";

/** Where a service comes from, as the rendering has it. */
export function originOf({ site: { app, settings } }: Place, service: string): ServiceSettings["from"] {
  const stated = settings.services[service];
  if (stated !== undefined) return stated.from;
  return Object.hasOwn(trialKinds, app.services[service]?.type ?? "") ? "trial" : "external";
}

function urlWith(url: string, host: string | undefined): string {
  const parsed = URL.parse(url);
  if (parsed === null || host === undefined) return url;
  parsed.hostname = isIP(host) === 6 ? `[${host}]` : host;
  return parsed.href;
}

/** How a Service is reached where the cluster's own names mean nothing: by its load balancer, else by its address. */
function addressOf(service: KubernetesObject | undefined): string | undefined {
  if (service === undefined) return undefined;
  const [balanced] = addressesOf("Service", service);
  if (balanced !== undefined) return balanced;
  const address = valueAt(service, "spec.clusterIP");
  return typeof address === "string" && address !== "None" && address !== "" ? address : undefined;
}

async function inCluster(
  { client, namespace }: Place,
  secret: string,
  key: string,
  services: readonly string[],
  options: CallOptions,
): Promise<string | undefined> {
  const read = (kind: string, name: string) =>
    client.get({ apiVersion: "v1", kind, namespace, name }, options);
  const [found, ...reachable] = await Promise.all([
    read("Secret", secret),
    ...services.map((name) => read("Service", name)),
  ]);
  const url = found === undefined ? undefined : secretValue(found, key);
  if (url === undefined) return undefined;
  const [address] = reachable.map(addressOf).filter((value) => value !== undefined);
  return urlWith(url, address);
}

/** What the connection says, else what the app itself was given. */
async function outside(place: Place, service: string, options: CallOptions): Promise<string> {
  const { client, connection, namespace, site } = place;
  const given = connection.services?.[service];
  if (given !== undefined) return given;
  const name = envObject(site.app, site.settings);
  const env = await client.get({ apiVersion: "v1", kind: "Secret", namespace, name }, options);
  const described = site.app.services[service];
  const names = described === undefined ? [] : envNamesOf(service, described);
  const values = names.map((key) => (env === undefined ? undefined : secretValue(env, key)));
  return values.find((value) => value !== undefined) ?? externalUrl(connection, service);
}

/** The URL of a backing service as it can be reached from here, read anew each time. */
export async function readServiceUrl(place: Place, service: string, options: CallOptions): Promise<string> {
  const { app, settings } = place.site;
  if (app.services[service] === undefined) {
    throw new NotFoundError(`The app has no service '${service}'.`, {
      code: "no-such-service",
      path: service,
      suggestion: `It has: ${Object.keys(app.services).toSorted().join(", ") || "none"}.`,
    });
  }
  const object = serviceObject(app, settings, service);
  const origin = originOf(place, service);
  if (origin === "external") return await outside(place, service, options);
  const url =
    origin === "trial"
      ? await inCluster(place, object, "url", [object], options)
      : await inCluster(place, `${object}-app`, "uri", [`${object}-outside`, `${object}-rw`], options);
  if (url !== undefined) return url;
  throw new NotFoundError(
    `There is no Secret with the URL of '${service}' in namespace '${place.namespace}'.`,
    {
      code: "no-service-url",
      path: service,
      suggestion: "Run `understudy up` for this site, and wait until the database is ready.",
    },
  );
}
