import { type Deadline, deadline } from "../../src/base/deadline.ts";
import { NotFoundError, UnderstudyError } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { type Client, clientFor } from "./api/client.ts";
import { placeOf } from "./api/place.ts";
import {
  type AppAnswer,
  appSchema,
  bindingSchema,
  domainSchema,
  named,
  type ProcessAnswer,
  planSchema,
  processSchema,
  routeSchema,
  serviceInstanceSchema,
  variablesSchema,
} from "./api/wire.ts";
import { pageProcess } from "./control/page.ts";
import type { Connection } from "./settings.ts";

const withinMs = 60_000;

/** `app`, where there is only one of that name, or `organization/space/app`. */
async function appOf(client: Client, name: string, until: Deadline): Promise<AppAnswer> {
  const [organization, space, own] = name.split("/");
  const isFull = organization !== undefined && space !== undefined && own !== undefined;
  const place = isFull ? { space_guids: (await placeOf(client, { organization, space }, until)).space } : {};
  const query = { names: encodeURIComponent(own ?? name), ...place };
  const [found, ...others] = await client.list("/v3/apps", appSchema, until, query);
  if (found === undefined) {
    throw new NotFoundError(`There is no app '${name}', or this user may not see it.`, {
      code: "app-not-found",
      path: name,
      suggestion: "Look at `cf apps` in its space.",
    });
  }
  if (others.length === 0) return found;
  throw new UnderstudyError(`There are ${others.length + 1} apps '${name}'.`, {
    code: "ambiguous-name",
    path: name,
    suggestion: "Name it as organization/space/app.",
  });
}

function processOf({
  command,
  instances,
  memory_in_mb: memoryMb,
  disk_in_mb: diskMb,
  ...rest
}: ProcessAnswer) {
  const { type, data } = rest.health_check;
  const health = {
    path: data.endpoint ?? "/",
    ...(data.timeout == null ? {} : { graceSeconds: data.timeout }),
    ...(data.interval == null ? {} : { intervalSeconds: data.interval }),
    ...(data.invocation_timeout == null ? {} : { timeoutSeconds: data.invocation_timeout }),
  };
  return {
    ...(command === null ? {} : { command }),
    ...(type === "http" ? { http: { health } } : {}),
    scale: { count: instances },
    size: { memoryMb, diskMb },
  };
}

async function processesOf(client: Client, path: string, until: Deadline): Promise<Record<string, Json>> {
  const listed = await client.list(`${path}/processes`, processSchema, until);
  const usual = listed.filter(({ type }) => type !== pageProcess);
  // Lists hide the commands.
  const whole = await Promise.all(
    usual.map(({ guid }) => client.get(`/v3/processes/${guid}`, processSchema, until)),
  );
  return Object.fromEntries(whole.map((process) => [process.type, processOf(process)]));
}

interface Bound {
  readonly services: Record<string, Json>;
  readonly drains: readonly Json[];
}

async function boundTo(client: Client, app: string, until: Deadline): Promise<Bound> {
  const path = "/v3/service_credential_bindings";
  const bindings = await client.list(path, bindingSchema, until, { app_guids: app });
  const services: Record<string, Json> = {};
  const drains: Json[] = [];
  for (const { name, relationships } of bindings) {
    const guid = relationships.service_instance.data?.guid;
    const instance = await client.get(`/v3/service_instances/${guid}`, serviceInstanceSchema, until);
    const plan = instance.relationships.service_plan?.data?.guid;
    if (plan !== undefined) services[name ?? instance.name] = await serviceOf(client, plan, until);
    if (instance.syslog_drain_url) {
      drains.push({ url: instance.syslog_drain_url.replace(/^syslog-tls:/, "syslog+tls:") });
    }
  }
  return { services, drains };
}

async function serviceOf(client: Client, plan: string, until: Deadline): Promise<Json> {
  const found = await client.get(`/v3/service_plans/${plan}`, planSchema, until);
  const guid = found.relationships.service_offering.data?.guid;
  const offering = await client.get(`/v3/service_offerings/${guid}`, named, until);
  const type = /postgres/i.test(offering.name)
    ? "postgres"
    : /redis|valkey/i.test(offering.name)
      ? "redis"
      : offering.name;
  return { type, plan: { cloudfoundry: `${offering.name}:${found.name}` } };
}

/** Host names of its own; those in a shared domain are the foundation's. */
async function domainsOf(client: Client, path: string, until: Deadline): Promise<readonly string[]> {
  const routes = await client.list(`${path}/routes`, routeSchema, until);
  const names: string[] = [];
  for (const { url, relationships } of routes) {
    const domain = await client.get(`/v3/domains/${relationships.domain.data?.guid}`, domainSchema, until);
    if (domain.relationships.organization.data !== null) names.push(url.split("/")[0] ?? url);
  }
  return names;
}

/**
 * A description of what runs. Which variables are secret can't be seen, so all become secrets, by name alone: no value
 * leaves Cloud Foundry.
 */
export async function observeApp(connection: Connection, name: string): Promise<JsonObject> {
  const client = clientFor(connection);
  const until = deadline({ timeoutMs: withinMs });
  const app = await appOf(client, name, until);
  const path = `/v3/apps/${app.guid}`;
  const [processes, bound, variables, domains] = await Promise.all([
    processesOf(client, path, until),
    boundTo(client, app.guid, until),
    client.get(`${path}/environment_variables`, variablesSchema, until),
    domainsOf(client, path, until),
  ]);
  const { buildpacks, stack } = app.lifecycle.data;
  return {
    name: app.name,
    build: {
      ...(stack == null ? {} : { stack: { cloudfoundry: stack } }),
      ...(buildpacks == null || buildpacks.length === 0 ? {} : { buildpacks }),
    },
    processes,
    services: bound.services,
    secrets: Object.fromEntries(Object.keys(variables.var).map((key) => [key, {}])),
    domains,
    drains: bound.drains,
  };
}
