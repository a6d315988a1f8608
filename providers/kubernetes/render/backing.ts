import { envNamesOf } from "../../../src/app/roles.ts";
import { InputError } from "../../../src/base/errors.ts";
import { nearest } from "../../../src/base/nearest.ts";
import type { Problem } from "../../../src/base/problem.ts";
import type { InputValue, RenderedResource } from "../../../src/platform/contract.ts";
import { serviceObject } from "../names.ts";
import type { ServiceSettings } from "../settings.ts";
import { cloudNativePg } from "./cloudnative-pg.ts";
import { type Site, sortedEntries } from "./site.ts";
import { type TrialSecret, trialKinds, trialSecret, trialService, usualTrial } from "./trial.ts";

/** Logical name of a service that stands outside the cluster. */
export function externalResource(service: string): string {
  return `service-${service}`;
}

/** Where a service comes from: as the settings say, else a trial where there is one, else outside. */
export function sourceOf({ app, settings }: Site, service: string): ServiceSettings {
  const stated = settings.services[service];
  if (stated !== undefined) return stated;
  const type = app.services[service]?.type ?? "";
  return Object.hasOwn(trialKinds, type) ? usualTrial : { from: "external" };
}

function external(name: string): readonly RenderedResource[] {
  return [
    {
      type: "understudy:kubernetes:ExternalService",
      name: externalResource(name),
      inputs: { name },
      secretOutputs: ["url"],
    },
  ];
}

/** What is wrong with the settings' word on a service, or undefined. */
function problemOf({ app }: Site, name: string, { from }: ServiceSettings): Problem | undefined {
  const path = `settings.services.${name}`;
  const known = sortedEntries(app.services).map(([service]) => service);
  const type = app.services[name]?.type;
  if (type === undefined) {
    const meant = nearest(name, known);
    // What is left over of a service that is gone does no harm; a slip of the pen would.
    if (meant === undefined) return undefined;
    return {
      code: "unknown-service",
      path,
      message: `The app has no service '${name}'.`,
      suggestion: `Did you mean ${meant}? Name one of the description's services, or remove ${path}.`,
    };
  }
  const possible = {
    external: true,
    "cloudnative-pg": type === "postgres",
    trial: Object.hasOwn(trialKinds, type),
  };
  if (possible[from]) return undefined;
  return {
    code: "service-source",
    path: `${path}.from`,
    message: `'${name}' is of type ${type}, which can't come from ${from}.`,
    suggestion: `Set it to ${type === "postgres" ? "cloudnative-pg or external" : "external"}.`,
  };
}

/**
 * What stands for the app's backing services, or carries them.
 * @throws InputError when the settings speak of services that there aren't, or want of one what can't be had.
 */
export function renderServices(site: Site): readonly RenderedResource[] {
  const problems = sortedEntries(site.settings.services).flatMap(
    ([name, wish]) => problemOf(site, name, wish) ?? [],
  );
  if (problems.length > 0) throw new InputError(problems);
  return sortedEntries(site.app.services).flatMap(([name, service]) => {
    const source = sourceOf(site, name);
    if (source.from === "external") return external(name);
    if (source.from === "cloudnative-pg") return cloudNativePg(site, name, service, source);
    return trialService(site, name, service, source);
  });
}

/** A service in the cluster: the Secret that its password is in, and the key of its URL there. */
interface Credentials {
  readonly secret: string;
  readonly key: string;
}

/** Undefined for a service outside the cluster. */
function credentialsOf(site: Site, service: string): Credentials | undefined {
  const { app, settings } = site;
  const object = serviceObject(app, settings, service);
  const { from } = sourceOf(site, service);
  if (from === "external") return undefined;
  // The operator names the Secret of the owner of its first database so.
  return from === "trial" ? { secret: object, key: "url" } : { secret: `${object}-app`, key: "uri" };
}

/** Environment variables with the URLs of services in the cluster. */
export function serviceVariables(site: Site): readonly InputValue[] {
  return sortedEntries(site.app.services).flatMap(([name, service]) => {
    const credentials = credentialsOf(site, name);
    if (credentials === undefined) return [];
    const { secret, key } = credentials;
    return envNamesOf(name, service)
      .toSorted()
      .map((env) => ({ name: env, valueFrom: { secretKeyRef: { name: secret, key } } }));
  });
}

/** Secrets of trial services, which their owner writes where no plugin does. */
export function trialSecrets(site: Site): readonly TrialSecret[] {
  return sortedEntries(site.app.services).flatMap(([name, { type }]) =>
    sourceOf(site, name).from === "trial" ? (trialSecret(site, name, type) ?? []) : [],
  );
}
