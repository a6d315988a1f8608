import { createHash } from "node:crypto";
import { countsFor } from "../../../src/app/roles.ts";
import type { App } from "../../../src/app/schema.ts";
import { sortKeys } from "../../../src/base/json.ts";
import {
  type InputValue,
  outputOf,
  type Rendered,
  type RenderedResource,
  type SiteSpec,
  secretOf,
} from "../../../src/platform/contract.ts";
import { compare } from "../../../src/platform/fidelity.ts";
import { capabilities } from "../capabilities.ts";
import { appNameOf, type HerokuSettings } from "../settings.ts";
import { artifactsOf } from "./artifacts.ts";
import { isContainer, sourceFiles } from "./files.ts";
import { keptProcesses, roleVariable } from "./procfile.ts";
import { addonPlanOf, attachmentsFor } from "./services.ts";
import { sizesOf } from "./sizes.ts";

type Site = SiteSpec<HerokuSettings>;
type Inputs = Record<string, InputValue>;

/** The id, so that a rename of the app is an update of it alone. */
const appId = outputOf("app", "id");

/** Longest build and release, seconds: 15 min to build, 1 h for the release command. */
const releaseTimeoutSeconds = 4500;

function stackOf(description: App, { settings }: Site): string | undefined {
  if (isContainer(description)) return "container";
  return description.build.stack?.heroku ?? settings.stack;
}

function defined(inputs: Record<string, InputValue | undefined>): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).filter((entry): entry is [string, InputValue] => entry[1] !== undefined),
  );
}

function appResource(description: App, site: Site): RenderedResource {
  const { region, space, team } = site.settings;
  return {
    type: "understudy:heroku:App",
    name: "app",
    inputs: defined({
      name: appNameOf(description, site.settings),
      region: space === undefined ? (region ?? "us") : undefined,
      space,
      team,
      stack: stackOf(description, site),
    }),
    // Deleting an app on Heroku deletes its add-ons, and their data with them.
    ...(Object.keys(description.services).length === 0 ? {} : { holdsData: true }),
  };
}

function configResources(description: App, site: Site): readonly RenderedResource[] {
  const secrets = Object.keys(description.secrets).map((name) => [name, secretOf(name)] as const);
  const role = site.role === "unknown" ? "standby" : site.role;
  const roleVars = description.release === undefined ? {} : { [roleVariable]: role };
  const isEmpty = [description.config, description.secrets, roleVars].every(
    (vars) => Object.keys(vars).length === 0,
  );
  if (isEmpty) return [];
  return [
    {
      type: "understudy:heroku:Config",
      name: "config",
      inputs: { app: appId, vars: description.config, secretVars: Object.fromEntries(secrets), roleVars },
      roleInputs: ["roleVars"],
    },
  ];
}

function serviceResources(description: App): readonly RenderedResource[] {
  return Object.entries(description.services).flatMap(([name, service]) => {
    const plan = addonPlanOf(service);
    if (plan === undefined) return [];
    const [first, ...others] = attachmentsFor(name, service);
    const version = service.version === undefined ? {} : { version: service.version };
    const addon: RenderedResource = {
      type: "understudy:heroku:Addon",
      name: `addon-${name}`,
      inputs: { app: appId, ...plan, attachment: first, options: { ...version, ...service.options } },
      holdsData: true,
      timeoutSeconds: 1800,
    };
    const attachments = others.map(
      (attachment): RenderedResource => ({
        type: "understudy:heroku:Attachment",
        name: `attachment-${name}-${attachment}`,
        inputs: { app: appId, addon: outputOf(addon.name, "id"), name: attachment },
      }),
    );
    return [addon, ...attachments];
  });
}

function buildpackResources({ build }: App): readonly RenderedResource[] {
  if (build.buildpacks === undefined || build.buildpacks.length === 0) return [];
  return [
    {
      type: "understudy:heroku:Buildpacks",
      name: "buildpacks",
      inputs: { app: appId, buildpacks: build.buildpacks },
    },
  ];
}

/** What is uploaded and built; nothing when the source is a folder that wasn't packed. */
function releaseResources(
  description: App,
  site: Site,
  before: readonly string[],
): readonly RenderedResource[] {
  const { source, build } = description;
  if ("path" in source && site.archive === undefined) return [];
  const inputs = defined({
    app: appId,
    ...("git" in source ? { git: source.git } : {}),
    ...("path" in source ? { archive: site.archive?.path, sha256: site.archive?.sha256 } : {}),
    files: sourceFiles(description),
    keepProcesses: isContainer(description) ? [] : keptProcesses(description),
    // A change of either needs a new build.
    buildpacks: build.buildpacks ?? [],
    stack: stackOf(description, site),
  });
  return [
    {
      type: "understudy:heroku:Release",
      name: "release",
      inputs,
      dependsOn: before,
      timeoutSeconds: releaseTimeoutSeconds,
    },
  ];
}

function formationResources(
  description: App,
  site: Site,
  before: readonly string[],
): readonly RenderedResource[] {
  if (Object.keys(description.processes).length === 0 || before.length === 0) return [];
  return [
    {
      type: "understudy:heroku:Formation",
      name: "formation",
      inputs: {
        app: appId,
        quantities: countsFor(description, site.role === "unknown" ? "standby" : site.role),
        sizes: sizesOf(description),
      },
      roleInputs: ["quantities"],
      dependsOn: before,
    },
  ];
}

function domainName(hostname: string): string {
  return `domain-${hostname.replace("*", "any")}`;
}

/** Drains have no name and may hold a key: one that goes must not rename the others, nor show it. */
function drainName(url: string): string {
  return `drain-${createHash("sha256").update(url).digest("hex").slice(0, 8)}`;
}

/** The app on Heroku: what Pulumi registers, what Heroku's own tools take, and how faithful it is. */
export function render(app: App, site: Site): Rendered {
  const description = sortKeys(app);
  const services = serviceResources(description);
  const early = [...configResources(description, site), ...services, ...buildpackResources(description)];
  const release = releaseResources(
    description,
    site,
    early.map(({ name }) => name),
  );
  const resources = [
    appResource(description, site),
    ...early,
    ...release,
    ...formationResources(
      description,
      site,
      release.map(({ name }) => name),
    ),
    ...[...new Set(description.domains)].map(
      (hostname): RenderedResource => ({
        type: "understudy:heroku:Domain",
        name: domainName(hostname),
        inputs: { app: appId, hostname },
      }),
    ),
    ...[...new Set(description.drains.map(({ url }) => url))].map(
      (url): RenderedResource => ({
        type: "understudy:heroku:Drain",
        name: drainName(url),
        inputs: { app: appId, url },
      }),
    ),
  ];
  const [domain] = description.domains;
  return {
    resources: sortKeys(resources.toSorted((a, b) => (a.name < b.name ? -1 : 1))),
    artifacts: artifactsOf(description),
    fidelity: compare(description, capabilities),
    ...(domain === undefined ? {} : { traffic: outputOf(domainName(domain), "traffic") }),
  };
}
