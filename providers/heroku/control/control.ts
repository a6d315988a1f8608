import { z } from "zod";
import { NotFoundError } from "../../../src/base/errors.ts";
import type {
  CallOptions,
  CommandResult,
  ControlledSite,
  HealthObservation,
  LogLine,
  SiteControl,
  SiteObservation,
} from "../../../src/platform/contract.ts";
import type { HerokuClient } from "../client/client.ts";
import { lastLines } from "../client/log-session.ts";
import { appShape, configShape, dynoShape, formationShape, releaseShape } from "../client/shapes.ts";
import { clientOf } from "../client/shared.ts";
import { urlVariable } from "../render/services.ts";
import { appNameOf, type HerokuConnection, type HerokuSettings } from "../settings.ts";
import { checkHealth } from "./health.ts";
import { runOneOff } from "./run.ts";

type Counts = Readonly<Record<string, number>>;

/** What may be asked of an app on Heroku. Holds nothing but the connection; every call looks anew. */
export class HerokuControl implements SiteControl {
  readonly #client: HerokuClient;
  readonly #site: ControlledSite<HerokuSettings>;
  readonly #path: string;

  constructor(connection: HerokuConnection, site: ControlledSite<HerokuSettings>) {
    this.#client = clientOf(connection);
    this.#site = site;
    this.#path = `/apps/${appNameOf(site.app, site.settings)}`;
  }

  async observe(options: CallOptions = {}): Promise<SiteObservation> {
    const client = this.#client;
    const [app, formation, dynos, releases] = await Promise.all([
      client.get(this.#path, appShape, options),
      client.list(`${this.#path}/formation`, formationShape, options),
      client.list(`${this.#path}/dynos`, dynoShape, options),
      client.list(`${this.#path}/releases`, releaseShape, options, "version ..; order=desc,max=20"),
    ]);
    const running = (type: string): number =>
      dynos.filter((dyno) => dyno.type === type && ["up", "idle"].includes(dyno.state)).length;
    const processes = formation
      .filter(({ type }) => type !== "release")
      .map(({ type, quantity }) => [type, { desired: quantity, running: running(type) }] as const);
    const current = releases.find((release) => release.current);
    return {
      processes: Object.fromEntries(processes),
      maintenance: app.maintenance,
      release: current?.slug ? `v${current.version}` : undefined,
    };
  }

  async scale(counts: Counts, options: CallOptions = {}): Promise<void> {
    try {
      await this.#patchFormation(counts, options);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      // One type that isn't in the release makes Heroku refuse all: those that are there get theirs.
      const known = await this.#client.list(`${this.#path}/formation`, formationShape, options);
      const isKnown = (type: string): boolean => known.some((entry) => entry.type === type);
      const missing = Object.keys(counts).filter((type) => !isKnown(type) && counts[type] !== 0);
      if (missing.length > 0) {
        throw new NotFoundError(`The release that runs has no process type ${missing.join(", ")}.`, {
          code: "unknown-process",
          cause: error,
          suggestion: "Release the app's present source there first: `understudy up`.",
        });
      }
      await this.#patchFormation(
        Object.fromEntries(Object.entries(counts).filter(([type]) => isKnown(type))),
        options,
      );
    }
  }

  async #patchFormation(counts: Counts, options: CallOptions): Promise<void> {
    const updates = Object.entries(counts).map(([type, quantity]) => ({ type, quantity }));
    if (updates.length === 0) return;
    await this.#client.patch(`${this.#path}/formation`, { updates }, z.array(formationShape), options);
  }

  async setConfig(
    changes: Readonly<Record<string, string | null>>,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#client.patch(`${this.#path}/config-vars`, changes, configShape, options);
  }

  async maintenance(on: boolean, options: CallOptions = {}): Promise<void> {
    await this.#client.patch(this.#path, { maintenance: on }, appShape, options);
  }

  async run(command: string, options: CallOptions = {}): Promise<CommandResult> {
    return await runOneOff(this.#client, this.#path.slice("/apps/".length), command, options);
  }

  async restart(options: CallOptions = {}): Promise<void> {
    await this.#client.delete(`${this.#path}/dynos`, options);
  }

  async health(options: CallOptions = {}): Promise<HealthObservation> {
    return await checkHealth(this.#client, this.#path, this.#site, options);
  }

  async serviceUrl(service: string, options: CallOptions = {}): Promise<string> {
    const described = this.#site.app.services[service];
    if (described === undefined) {
      throw new NotFoundError(`The app has no service '${service}'.`, {
        code: "unknown-service",
        suggestion: `It has: ${Object.keys(this.#site.app.services).sort().join(", ") || "none"}.`,
      });
    }
    const variable = urlVariable(service, described);
    const config = await this.#client.get(`${this.#path}/config-vars`, configShape, options);
    const url = config[variable];
    if (url !== undefined && url !== "") return url;
    throw new NotFoundError(`Config var ${variable} of service '${service}' isn't set.`, {
      code: "service-unbound",
      path: `services.${service}`,
      suggestion: "Make the add-on, or attach it under that name: `understudy up`.",
    });
  }

  async logs(lines: number, options: CallOptions = {}): Promise<readonly LogLine[]> {
    return await lastLines(this.#client, this.#path.slice("/apps/".length), { lines }, options);
  }
}
