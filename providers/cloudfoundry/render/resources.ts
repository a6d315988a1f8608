import { countFor, rolesOf } from "../../../src/app/roles.ts";
import type { App, Role } from "../../../src/app/schema.ts";
import { outputOf, type RenderedResource, type SiteSpec } from "../../../src/platform/contract.ts";
import { pageCommand, pageProcess } from "../control/page.ts";
import type { Settings } from "../settings.ts";
import { buildpacksOf } from "./buildpacks.ts";
import { configOf, secretsOf } from "./environment.ts";
import {
  appName,
  defaultHost,
  frontProcess,
  instanceName,
  maintenanceHost,
  offeringAndPlan,
  routeOf,
} from "./names.ts";
import { healthOf, memoryOf } from "./process.ts";

const token = (type: string) => `understudy:cloudfoundry:${type}`;
const appGuid = outputOf("app", "guid");
const spaceGuid = outputOf("app", "spaceGuid");

const sortedEntries = <T>(record: Readonly<Record<string, T>>) =>
  Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1));

function lifecycleOf(app: App) {
  return {
    lifecycle: "image" in app.source ? "docker" : "buildpack",
    buildpacks: [...buildpacksOf(app)],
    stack: app.build.stack?.cloudfoundry ?? null,
  } as const;
}

function theApp(app: App, settings: Settings): RenderedResource {
  const { organization, space } = settings;
  const inputs = { organization, space, name: appName(app, settings), ...lifecycleOf(app) };
  return { type: token("App"), name: "app", inputs };
}

function services(app: App, settings: Settings): readonly RenderedResource[] {
  return sortedEntries(app.services).flatMap(([name, service]) => [
    {
      type: token("ServiceInstance"),
      name: `service-${name}`,
      inputs: {
        space: spaceGuid,
        name: instanceName(app, settings, name),
        ...offeringAndPlan(service),
        parameters: service.options,
      },
      holdsData: true,
      // Brokers of databases take their time.
      timeoutSeconds: 1800,
    },
    {
      type: token("ServiceBinding"),
      name: `binding-${name}`,
      inputs: { app: appGuid, instance: outputOf(`service-${name}`, "guid"), name },
      secretOutputs: ["url"],
    },
  ]);
}

function environment(app: App): RenderedResource {
  const bindings = sortedEntries(app.services).map(([name]) => outputOf(`binding-${name}`, "guid"));
  const inputs = { app: appGuid, config: configOf(app), secrets: secretsOf(app), bindings };
  return { type: token("Environment"), name: "environment", inputs };
}

function processes(app: App, role: Role): readonly RenderedResource[] {
  return sortedEntries(app.processes).map(([name, process]) => ({
    type: token("Process"),
    name: `process-${name}`,
    inputs: {
      app: appGuid,
      type: name,
      command: process.command ?? null,
      instances: countFor(name, process, role),
      memoryMb: memoryOf(process),
      diskMb: process.size.diskMb ?? null,
      health: { ...healthOf(name, process) },
    },
    ...(rolesOf(name, process).length === 1 ? { roleInputs: ["instances"] } : {}),
  }));
}

function routes(app: App, settings: Settings): readonly RenderedResource[] {
  const front = frontProcess(app);
  if (front === undefined) return [];
  const { traffic, appsDomain = null } = settings;
  const base = { app: appGuid, space: spaceGuid, process: front };
  const host = defaultHost(app, settings);
  // A name and the wildcard below it share a domain.
  const domains = new Set(app.domains.map((name) => routeOf(name).domain));
  const owned = [...domains].toSorted().map(
    (name): RenderedResource => ({
      type: token("Domain"),
      name: `domain-${name}`,
      inputs: { organization: outputOf("app", "organizationGuid"), name },
    }),
  );
  const custom = app.domains.toSorted().map(
    (name): RenderedResource => ({
      type: token("Route"),
      name: `route-${name.replace("*", "wildcard")}`,
      inputs: { ...base, ...routeOf(name) },
      dependsOn: [`domain-${routeOf(name).domain}`],
    }),
  );
  return [
    {
      type: token("Route"),
      name: "route",
      inputs: { ...base, domain: appsDomain, host, traffic: traffic === undefined ? null : { ...traffic } },
    },
    ...owned,
    ...custom,
    {
      type: token("MaintenancePage"),
      name: "maintenance-page",
      inputs: { app: appGuid, command: pageCommand },
    },
    {
      type: token("Route"),
      name: "route-maintenance",
      inputs: { ...base, process: pageProcess, domain: appsDomain, host: maintenanceHost(app, settings) },
      dependsOn: ["maintenance-page"],
    },
  ];
}

function drains(app: App, settings: Settings): readonly RenderedResource[] {
  return app.drains.map((drain, index) => ({
    type: token("Drain"),
    name: `drain-${index + 1}`,
    inputs: {
      app: appGuid,
      space: spaceGuid,
      name: `${appName(app, settings)}-drain-${index + 1}`,
      url: drain.url.replace(/^syslog\+tls:/, "syslog-tls:"),
    },
  }));
}

/** Comes after all that its instances see, so that the app starts once. */
function release(
  app: App,
  site: SiteSpec<Settings>,
  role: Role,
  before: readonly RenderedResource[],
): RenderedResource {
  const command = app.release?.command ?? null;
  const { lifecycle: _, ...staging } = lifecycleOf(app);
  return {
    type: token("Release"),
    name: "release",
    inputs: {
      app: appGuid,
      archive: site.archive?.path ?? null,
      sha256: site.archive?.sha256 ?? null,
      image: "image" in app.source ? app.source.image : null,
      ...staging,
      releaseCommand: role === "active" ? command : null,
      releaseTimeoutSeconds: app.release?.timeoutSeconds ?? null,
    },
    ...(command === null ? {} : { roleInputs: ["releaseCommand"] }),
    dependsOn: before.map((resource) => resource.name),
    // Staging and starting may each take 15 minutes by default; the release command as long as it is given.
    timeoutSeconds: 1800 + (app.release?.timeoutSeconds ?? 0),
  };
}

/** Everything that Pulumi registers for a site, in an order that it can be made in. */
export function renderResources(app: App, site: SiteSpec<Settings>): readonly RenderedResource[] {
  const role = site.role === "unknown" ? "standby" : site.role;
  const before = [
    theApp(app, site.settings),
    ...services(app, site.settings),
    environment(app),
    ...processes(app, role),
    ...routes(app, site.settings),
    ...drains(app, site.settings),
  ];
  return [...before, release(app, site, role, before.slice(1))];
}
