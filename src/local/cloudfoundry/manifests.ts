import { Hono } from "hono";
import { parse } from "yaml";
import { makeApp } from "./apps.ts";
import { addBinding } from "./bindings.ts";
import { type Cloud, find, touch } from "./cloud.ts";
import { addDestination } from "./destinations.ts";
import { badRequest, parseError, unprocessable } from "./errors.ts";
import { startJob } from "./jobs.ts";
import { mergeLifecycle } from "./lifecycle.ts";
import { applicationsOf, type ManifestApp, type ManifestProcess, processesIn } from "./manifest-schema.ts";
import { mergeMetadata } from "./metadata.ts";
import type { App, HealthCheck, Space } from "./model.ts";
import { addProcesses, processesOf } from "./process-model.ts";
import { mergeCheck } from "./processes.ts";
import { routesOf, syncRoute } from "./route-model.ts";
import { makeRoute } from "./routes.ts";

function checkFrom(old: HealthCheck, process: ManifestProcess, prefix: "" | "readiness-"): HealthCheck {
  const type = process[`${prefix}health-check-type`];
  const endpoint = process[`${prefix}health-check-http-endpoint`];
  return mergeCheck(old, {
    ...(type === undefined ? {} : { type: type === "none" ? "process" : type }),
    data: {
      ...(prefix === "" && process.timeout !== undefined ? { timeout: process.timeout } : {}),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...definedAs("invocation_timeout", process[`${prefix}health-check-invocation-timeout`]),
      ...definedAs("interval", process[`${prefix}health-check-interval`]),
    },
  });
}

const definedAs = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value });

function applyProcess(cloud: Cloud, app: App, wanted: ManifestProcess): void {
  addProcesses(cloud, app, [wanted.type]);
  const process = processesOf(cloud, app)[wanted.type];
  if (process === undefined) return;
  if (wanted.command !== undefined) process.command = wanted.command ?? undefined;
  process.instances = wanted.instances ?? process.instances;
  process.memoryMb = wanted.memory ?? process.memoryMb;
  process.diskMb = wanted["disk-quota"] ?? wanted.disk_quota ?? process.diskMb;
  process.healthCheck = checkFrom(process.healthCheck, wanted, "");
  process.readinessHealthCheck = checkFrom(process.readinessHealthCheck, wanted, "readiness-");
  touch(cloud, process);
}

/** The domain and host of a route's text: the whole is tried as a domain first, then label and rest. */
function placeOf(cloud: Cloud, space: Space, text: string) {
  const [, name = "", path = ""] = /^([^/]+)(\/.*)?$/.exec(text) ?? [];
  const usable = Object.values(cloud.model.domains).filter(
    (domain) => domain.organization === undefined || domain.organization === space.organization,
  );
  const whole = usable.find((domain) => domain.name === name);
  if (whole !== undefined) return { space: space.guid, domain: whole.guid, host: "", path };
  const [host = "", ...rest] = name.split(".");
  const domain = usable.find((item) => item.name === rest.join("."));
  if (domain === undefined) {
    throw unprocessable(`The route '${text}' is invalid: no matching domains were found.`);
  }
  return { space: space.guid, domain: domain.guid, host, path };
}

function mapRoute(cloud: Cloud, app: App, space: Space, text: string): void {
  const place = placeOf(cloud, space, text);
  const made = makeRoute(cloud, place);
  const route =
    made ??
    Object.values(cloud.model.routes).find(
      (item) => item.domain === place.domain && item.host === place.host && item.path === place.path,
    );
  if (route === undefined || route.space !== space.guid) {
    throw unprocessable(`Routes cannot be mapped to destinations in different spaces: ${text}`);
  }
  addDestination(route, { app: { guid: app.guid } });
  syncRoute(cloud, route);
}

function applyRoutes(cloud: Cloud, app: App, space: Space, wanted: ManifestApp): void {
  if (wanted["no-route"] === true) {
    for (const route of routesOf(cloud, app.guid)) {
      route.destinations = route.destinations.filter((item) => item.app !== app.guid);
      syncRoute(cloud, route);
    }
    return;
  }
  for (const { route } of wanted.routes ?? []) mapRoute(cloud, app, space, route);
  if (routesOf(cloud, app.guid).length > 0) return;
  if (wanted["default-route"] !== true && wanted["random-route"] !== true) return;
  const shared = Object.values(cloud.model.domains).find((domain) => domain.organization === undefined);
  const suffix = wanted["random-route"] === true ? `-${app.guid.slice(0, 8)}` : "";
  if (shared !== undefined) mapRoute(cloud, app, space, `${wanted.name}${suffix}.${shared.name}`);
}

function applyServices(cloud: Cloud, app: App, space: Space, wanted: ManifestApp): void {
  for (const item of wanted.services ?? []) {
    const { name, binding_name: bindingName = null } = typeof item === "string" ? { name: item } : item;
    const instance = Object.values(cloud.model.instances).find(
      (other) => other.space === space.guid && other.name === name,
    );
    if (instance === undefined) throw unprocessable(`Service instance '${name}' not found`);
    const bound = Object.values(cloud.model.bindings).some(
      (binding) => binding.app === app.guid && binding.instance === instance.guid,
    );
    if (!bound) addBinding(cloud, { type: "app", name: bindingName, instance: instance.guid, app: app.guid });
  }
}

function applyApp(cloud: Cloud, app: App, space: Space, wanted: ManifestApp): void {
  app.environment = { ...app.environment, ...wanted.env };
  for (const process of processesIn(wanted)) applyProcess(cloud, app, process);
  applyRoutes(cloud, app, space, wanted);
  applyServices(cloud, app, space, wanted);
  mergeMetadata(app, wanted.metadata);
  touch(cloud, app);
}

/** Manifests: what `cf push -f` sends (cloud_controller_ng, app_apply_manifest.rb). What a manifest leaves out stays. */
export function manifests(cloud: Cloud): Hono {
  const hono = new Hono();
  const read = (text: string): unknown => {
    try {
      return parse(text, { maxAliasCount: 0 });
    } catch {
      throw parseError("Request invalid due to parse error: invalid manifest");
    }
  };

  hono.post("/v3/spaces/:guid/actions/apply_manifest", async (c) => {
    const space = find(cloud.model.spaces, c.req.param("guid"), "Space");
    if (!(c.req.header("content-type") ?? "").startsWith("application/x-yaml")) {
      throw badRequest("Content-Type must be yaml");
    }
    const wanted = applicationsOf(read(await c.req.text()));
    const pairs = wanted.map((item) => {
      const existing = Object.values(cloud.model.apps).find(
        (app) => app.space === space.guid && app.name === item.name,
      );
      const app = existing ?? makeApp(cloud, item.name, space.guid);
      const buildpacks = item.buildpacks ?? (item.buildpack === undefined ? undefined : [item.buildpack]);
      mergeLifecycle(app, {
        ...(item.docker === undefined ? {} : { type: "docker" as const }),
        data: { ...definedAs("buildpacks", buildpacks), ...definedAs("stack", item.stack) },
      });
      return { app, item };
    });
    return startJob(cloud, "space.apply_manifest", async () => {
      for (const { app, item } of pairs) {
        applyApp(cloud, app, space, item);
        await cloud.runner.scale(app);
      }
    });
  });
  // The difference is only shown to people; none is a valid answer.
  hono.post("/v3/spaces/:guid/manifest_diff", async (c) => {
    find(cloud.model.spaces, c.req.param("guid"), "Space");
    applicationsOf(read(await c.req.text()));
    return c.json({ diff: [] }, 201);
  });
  return hono;
}
