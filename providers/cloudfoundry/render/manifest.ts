import { stringify } from "yaml";
import { countFor } from "../../../src/app/roles.ts";
import type { App } from "../../../src/app/schema.ts";
import { sortKeys } from "../../../src/base/json.ts";
import type { Artifact, SiteSpec } from "../../../src/platform/contract.ts";
import type { Settings } from "../settings.ts";
import { buildpacksOf } from "./buildpacks.ts";
import { configOf, isReserved } from "./environment.ts";
import { appName, defaultHost, frontProcess, instanceName, offeringAndPlan } from "./names.ts";
import { healthOf, memoryOf } from "./process.ts";

function given<T>(key: string, value: T | null | undefined): object {
  return value === null || value === undefined ? {} : { [key]: value };
}

function nonEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items;
}

function processes(app: App, site: SiteSpec<Settings>) {
  const role = site.role === "unknown" ? "standby" : site.role;
  return Object.entries(app.processes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([type, process]) => {
      const health = healthOf(type, process);
      const memory = memoryOf(process);
      const disk = process.size.diskMb;
      return {
        type,
        ...given("command", process.command),
        instances: countFor(type, process, role),
        ...given("memory", memory === null ? null : `${memory}M`),
        ...given("disk_quota", disk === undefined ? null : `${disk}M`),
        "health-check-type": health.type,
        ...given("health-check-http-endpoint", health.endpoint),
        ...given("health-check-invocation-timeout", health.invocationTimeout),
        ...given("health-check-interval", health.interval),
        ...given("timeout", health.timeout),
      };
    });
}

function sourceOf(app: App): object {
  if ("image" in app.source) return { docker: { image: app.source.image } };
  return {
    ...given("buildpacks", nonEmpty(buildpacksOf(app))),
    ...given("stack", app.build.stack?.cloudfoundry),
    ...("path" in app.source ? { path: app.source.path } : {}),
  };
}

/** What must be there before `cf push`, as the commands that make it. */
function preparations(app: App, settings: Settings): readonly string[] {
  const names = Object.keys(app.services).sort();
  const made = names.flatMap((name) => {
    const service = app.services[name];
    if (service === undefined) return [];
    const { offering, plan } = offeringAndPlan(service);
    const instance = instanceName(app, settings, name);
    return offering === "user-provided"
      ? [`cf create-user-provided-service ${instance} -p CREDENTIALS.json`]
      : [`cf create-service ${offering} ${plan ?? "PLAN"} ${instance}`];
  });
  const domains = app.domains
    .toSorted()
    .map((domain) => `cf create-private-domain ${settings.organization} ${domain.replace(/^\*\./, "")}`);
  const secrets = Object.keys(app.secrets).filter((name) => !isReserved(name));
  const variables = secrets.length === 0 ? "" : " --vars-file SECRETS.yml";
  const release =
    app.release === undefined
      ? []
      : [
          `cf run-task ${appName(app, settings)} --command '${app.release.command.replaceAll("'", `'\\''`)}' --wait`,
        ];
  return [...made, ...domains, `cf push -f manifest.yml${variables}`, ...release];
}

/** The manifest that `cf push -f` takes (Cloud Foundry docs, app manifest attribute reference). */
export function manifest(app: App, site: SiteSpec<Settings>): Artifact {
  const { settings } = site;
  const secrets = Object.keys(app.secrets)
    .filter((name) => !isReserved(name))
    .map((name) => [name, `((${name}))`] as const);
  const env = { ...configOf(app), ...Object.fromEntries(secrets) };
  const front = frontProcess(app);
  const domains = app.domains.toSorted();
  const own =
    settings.appsDomain === undefined ? [] : [`${defaultHost(app, settings)}.${settings.appsDomain}`];
  const routes = [...own, ...domains].map((route) => ({ route }));
  const instances = Object.keys(app.services).sort();
  const services = instances.map((name) => ({ name: instanceName(app, settings, name), binding_name: name }));
  const application = {
    name: appName(app, settings),
    ...sourceOf(app),
    ...(Object.keys(env).length === 0 ? {} : { env: sortKeys(env) }),
    processes: processes(app, site),
    ...(front === undefined
      ? { "no-route": true }
      : routes.length > 0
        ? { routes }
        : { "default-route": true }),
    ...(services.length === 0 ? {} : { services }),
  };
  const head = preparations(app, settings).map((line) => `#   ${line}\n`);
  const text = stringify({ version: 1, applications: [application] }, { lineWidth: 0 });
  return { path: "manifest.yml", content: `# To push this app by hand:\n${head.join("")}---\n${text}` };
}

/** The process types with commands, as buildpacks read them. */
export function procfile(app: App): readonly Artifact[] {
  const lines = Object.entries(app.processes)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([type, { command }]) => (command === undefined ? [] : [`${type}: ${command}\n`]));
  return lines.length === 0 ? [] : [{ path: "Procfile", content: lines.join("") }];
}
