import { credentialsOf } from "./backing.ts";
import { offeringOf, planOf } from "./catalog.ts";
import { type Cloud, find } from "./cloud.ts";
import type { App, Binding, Env } from "./model.ts";
import { processesOf } from "./process-model.ts";
import { routesOf, urlOf } from "./route-model.ts";

/** Schemes of which DATABASE_URL is made (cloud_controller_ng, database_uri_generator.rb). */
const databaseSchemes: Readonly<Record<string, string>> = {
  "mysql:": "mysql2:",
  "mysql2:": "mysql2:",
  "postgres:": "postgres:",
  "postgresql:": "postgres:",
  "db2:": "db2:",
  "informix:": "informix:",
};

function bindingsOf(cloud: Cloud, app: App): readonly Binding[] {
  return Object.values(cloud.model.bindings).filter((binding) => binding.app === app.guid);
}

/** `VCAP_SERVICES`: bindings by the label of their offering. */
export async function vcapServices(cloud: Cloud, app: App): Promise<Readonly<Record<string, object[]>>> {
  const services: Record<string, object[]> = {};
  for (const binding of bindingsOf(cloud, app)) {
    const instance = find(cloud.model.instances, binding.instance, "Service instance");
    const plan = planOf(instance.plan);
    const label = plan === undefined ? "user-provided" : offeringOf(plan).name;
    const entry = {
      label,
      ...(plan === undefined ? {} : { provider: null, plan: plan.name }),
      name: binding.name ?? instance.name,
      tags: [...(plan === undefined ? [] : offeringOf(plan).tags), ...instance.tags],
      instance_guid: instance.guid,
      instance_name: instance.name,
      binding_guid: binding.guid,
      binding_name: binding.name,
      credentials: await credentialsOf(cloud, instance),
      syslog_drain_url: instance.syslogDrainUrl,
      volume_mounts: [],
    };
    services[label] = [...(services[label] ?? []), entry];
  }
  return services;
}

/** The URL of the first bound database, as the controller makes it. */
function databaseUrl(services: Readonly<Record<string, readonly object[]>>): string | undefined {
  for (const entry of Object.values(services).flat()) {
    const { uri } = (entry as { readonly credentials: { readonly uri?: unknown } }).credentials;
    if (typeof uri !== "string" || !URL.canParse(uri)) continue;
    const scheme = databaseSchemes[new URL(uri).protocol];
    if (scheme !== undefined) return uri.replace(/^[a-z0-9]+:/, scheme);
  }
  return undefined;
}

export function vcapApplication(cloud: Cloud, app: App): Readonly<Record<string, unknown>> {
  const space = find(cloud.model.spaces, app.space, "Space");
  const organization = find(cloud.model.organizations, space.organization, "Organization");
  const uris = routesOf(cloud, app.guid).map((route) => urlOf(cloud, route));
  return {
    cf_api: cloud.options.url,
    limits: { fds: 16384 },
    application_id: app.guid,
    application_name: app.name,
    name: app.name,
    application_uris: uris,
    uris,
    application_version: app.droplet ?? "",
    version: app.droplet ?? "",
    space_id: space.guid,
    space_name: space.name,
    organization_id: organization.guid,
    organization_name: organization.name,
    process_id: processesOf(cloud, app).web?.guid ?? null,
    process_type: "web",
  };
}

/**
 * What an app's instances and tasks are started with; what the platform sets wins over what the user set. No two starts
 * have the same environment: `started_at` tells them apart.
 */
export async function startEnvironment(cloud: Cloud, app: App): Promise<Env> {
  const startedAt = new Date(cloud.clock.now()).toISOString();
  const services = await vcapServices(cloud, app);
  const url = databaseUrl(services);
  return {
    ...app.environment,
    VCAP_APPLICATION: JSON.stringify({ ...vcapApplication(cloud, app), started_at: startedAt }),
    VCAP_SERVICES: JSON.stringify(services),
    ...(url === undefined ? {} : { DATABASE_URL: url }),
  };
}
