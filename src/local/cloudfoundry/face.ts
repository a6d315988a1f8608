import { randomBytes } from "node:crypto";
import { Hono } from "hono";
import { type Clock, systemClock } from "../../base/clock.ts";
import { messageOf } from "../../base/errors.ts";
import type { Face, FaceKind, FaceOptions } from "../face.ts";
import type { Runtime } from "../runtime/contract.ts";
import { apps } from "./apps.ts";
import { requireToken } from "./auth.ts";
import { bindings } from "./bindings.ts";
import { createBits } from "./bits.ts";
import { builds } from "./builds.ts";
import { type Cloud, resource } from "./cloud.ts";
import { deployments } from "./deployments.ts";
import { destinations } from "./destinations.ts";
import { domains } from "./domains.ts";
import { createDrains } from "./drains.ts";
import { droplets } from "./droplets.ts";
import { CfError, unknownError, unknownRequest } from "./errors.ts";
import { flavour } from "./flavour.ts";
import { instances } from "./instances.ts";
import { jobs } from "./jobs.ts";
import { createLogCache, logCache } from "./log-cache.ts";
import { manifests } from "./manifests.ts";
import type { Model } from "./model.ts";
import { marketplace } from "./offerings.ts";
import { organizations } from "./organizations.ts";
import { packages } from "./packages.ts";
import { platformFacts } from "./platform-facts.ts";
import { processes } from "./processes.ts";
import { rateLimit } from "./rate-limit.ts";
import { restore } from "./restore.ts";
import { root } from "./root.ts";
import { routes } from "./routes.ts";
import { createRunner } from "./runner.ts";
import { spaces } from "./spaces.ts";
import { tasks } from "./tasks.ts";
import { defaultTokenLife, type TokenLife, uaa } from "./uaa.ts";
import { variables } from "./variables.ts";

/** The organization and space that a new Cloud Foundry starts with. */
export const firstOrganization = "understudy";
export const firstSpace = "apps";

/** What only tests change. */
export interface FaceTuning {
  readonly clock?: Clock;
  readonly tokenLife?: TokenLife;
  /** Requests an hour. @default no limit, as the controller's own default */
  readonly requestsPerHour?: number;
}

function firstModel(clock: Clock, options: FaceOptions): Model {
  const organization = { ...resource({ clock }), name: firstOrganization };
  const space = { ...resource({ clock }), name: firstSpace, organization: organization.guid };
  const domain = { ...resource({ clock }), name: options.dnsZone, internal: false, organization: undefined };
  return {
    version: 1,
    tokenKey: randomBytes(32).toString("hex"),
    organizations: { [organization.guid]: organization },
    spaces: { [space.guid]: space },
    domains: { [domain.guid]: domain },
    apps: {},
    processes: {},
    packages: {},
    builds: {},
    droplets: {},
    deployments: {},
    tasks: {},
    routes: {},
    instances: {},
    bindings: {},
    jobs: {},
  };
}

/** All of the API over one cloud. */
function serve(cloud: Cloud, tuning: FaceTuning): Hono {
  const hono = new Hono({ strict: false });
  hono.onError((error, c) => {
    const shown = error instanceof CfError ? error : unknownError(messageOf(error));
    return c.json(shown.body, shown.status as 400);
  });
  hono.notFound((c) => c.json(unknownRequest().body, 404));
  hono.route("/uaa", uaa(cloud, tuning.tokenLife ?? defaultTokenLife));
  hono.route("/", root(cloud));
  hono.use("/v3/*", requireToken(cloud));
  hono.use("/api/v1/read/*", requireToken(cloud));
  if (tuning.requestsPerHour !== undefined) hono.use("/v3/*", rateLimit(cloud, tuning.requestsPerHour));
  const families = [
    organizations,
    spaces,
    domains,
    apps,
    variables,
    packages,
    builds,
    droplets,
    processes,
    deployments,
    tasks,
    routes,
    destinations,
    marketplace,
    instances,
    bindings,
    manifests,
    platformFacts,
    jobs,
    logCache,
  ];
  for (const family of families) hono.route("/", family(cloud));
  return hono;
}

/** Opens the face on a runtime; {@link cloudfoundry} with what tests tune. */
export async function openFace(
  runtime: Runtime,
  options: FaceOptions,
  tuning: FaceTuning = {},
): Promise<Face> {
  const clock = tuning.clock ?? systemClock;
  const saved = (await runtime.load()) as Model | undefined;
  const model = saved ?? firstModel(clock, options);
  const working = new Set<Promise<void>>();
  let isClosed = false;
  const cloud: Cloud = {
    runtime,
    options,
    model,
    clock,
    bits: createBits(runtime.folder),
    logs: createLogCache(runtime.logs, () => clock.now()),
    // These work with the cloud themselves.
    get runner() {
      return runner;
    },
    get drains() {
      return drains;
    },
    save() {
      if (!isClosed) void runtime.save(model);
    },
    background(work) {
      const watched = work.catch(() => {}).finally(() => working.delete(watched));
      working.add(watched);
    },
  };
  const runner = createRunner(cloud);
  const drains = createDrains(cloud);
  if (saved === undefined) cloud.save();
  restore(cloud);
  const hono = serve(cloud, tuning);
  return {
    fetch: (request) => hono.fetch(request),
    async close() {
      await Promise.race([Promise.all(working), clock.sleep(1000)]);
      isClosed = true;
      await runtime.save(model);
    },
  };
}

/** Cloud Foundry's API v3 with its login server and log-cache. */
export const cloudfoundry: FaceKind = { name: "cloudfoundry", flavour, open: openFace };
