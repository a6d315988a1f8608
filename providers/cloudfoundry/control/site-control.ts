import { type Deadline, deadline } from "../../../src/base/deadline.ts";
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
import { askHealth, type Door } from "../../../src/platform/health.ts";
import { type Client, clientFor } from "../api/client.ts";
import { appNamed, placeOf } from "../api/place.ts";
import {
  type AppAnswer,
  appSchema,
  bindingSchema,
  detailsSchema,
  identified,
  routeSchema,
  variablesSchema,
} from "../api/wire.ts";
import { lastLines } from "../deploy/log.ts";
import { awaitQuiet, deploy, inTurn } from "../deploy/rollout.ts";
import { runTask } from "../deploy/task.ts";
import { appName, frontProcess, instanceName, maintenanceHost } from "../render/names.ts";
import { urlOf } from "../resources/credentials.ts";
import type { Connection, Settings } from "../settings.ts";
import { enterMaintenance, leaveMaintenance } from "./maintenance.ts";
import { observeApp } from "./observe.ts";

const defaultTimeoutMs = 30_000;
/** An app that takes longer to answer is not well. */
const longestAnswerMs = 10_000;

/** What the failover plane may ask of an app on Cloud Foundry. */
export class CloudFoundrySite implements SiteControl {
  readonly #client: Client;
  readonly #site: ControlledSite<Settings>;
  /** The app's guid: it can't change while the app lives. */
  #guid: Promise<string> | undefined;

  constructor(connection: Connection, site: ControlledSite<Settings>) {
    this.#client = clientFor(connection);
    this.#site = site;
  }

  async observe(options: CallOptions = {}): Promise<SiteObservation> {
    const until = limit(options);
    const app = await this.#app(until);
    return await observeApp(this.#client, app, until);
  }

  async scale(counts: Readonly<Record<string, number>>, options: CallOptions = {}): Promise<void> {
    const until = limit(options);
    const guid = await this.#appGuid(until);
    await inTurn(this.#client, guid, async () => {
      for (const [type, instances] of Object.entries(counts))
        await this.#scaleOne(guid, type, instances, until);
    });
  }

  async #scaleOne(app: string, type: string, instances: number, until: Deadline): Promise<void> {
    const path = `/v3/apps/${app}/processes/${encodeURIComponent(type)}`;
    if ((await this.#client.find(path, identified, until)) === undefined) {
      if (instances === 0) return;
      throw new NotFoundError(`The app has no process '${type}'.`, {
        code: "no-such-process",
        path: type,
        suggestion: "Run `understudy up` for this site, so that it has all of the app's processes.",
      });
    }
    // The API refuses it for web alone.
    if (type === "web") await awaitQuiet(this.#client, app, until);
    await this.#client.act(`${path}/actions/scale`, { json: { instances } }, until);
  }

  async setConfig(
    changes: Readonly<Record<string, string | null>>,
    options: CallOptions = {},
  ): Promise<void> {
    const until = limit(options);
    const guid = await this.#appGuid(until);
    const path = `/v3/apps/${guid}/environment_variables`;
    const before = await this.#client.get(path, variablesSchema, until);
    const isNew = Object.entries(changes).some(([name, value]) => (before.var[name] ?? null) !== value);
    if (isNew) await this.#client.patch(path, { var: { ...changes } }, variablesSchema, until);
    // Also when nothing is new: an earlier call may have been cut off before its rollout.
    await this.#roll(guid, until, !isNew);
  }

  async restart(options: CallOptions = {}): Promise<void> {
    const until = limit(options);
    await this.#roll(await this.#appGuid(until), until);
  }

  async #roll(guid: string, until: Deadline, resume = false): Promise<void> {
    await inTurn(this.#client, guid, async () => {
      const { state } = await this.#client.get(`/v3/apps/${guid}`, appSchema, until);
      if (state === "STARTED") await deploy(this.#client, guid, until, { resume });
    });
  }

  async maintenance(on: boolean, options: CallOptions = {}): Promise<void> {
    const until = limit(options);
    const app = await this.#app(until);
    if (on) await enterMaintenance(this.#client, app.guid, until);
    else await leaveMaintenance(this.#client, app, until);
  }

  async run(command: string, options: CallOptions = {}): Promise<CommandResult> {
    const until = limit(options);
    const guid = await this.#appGuid(until);
    return await runTask(this.#client, guid, { command, name: "understudy" }, until);
  }

  async health(options: CallOptions = {}): Promise<HealthObservation> {
    const until = limit(options);
    const door = await this.#door(until);
    const answered = AbortSignal.timeout(Math.max(1, Math.min(longestAnswerMs, until.remainingMs())));
    const ends = until.signal === undefined ? answered : AbortSignal.any([answered, until.signal]);
    return await askHealth(door, { until: ends, cancelled: until.signal });
  }

  /** As settings say; else the default route, by https as users come. */
  async #door(until: Deadline): Promise<Door> {
    const { app, settings } = this.#site;
    const front = frontProcess(app);
    const path = (front === undefined ? undefined : app.processes[front]?.http?.health?.path) ?? "/";
    const own = app.domains.find((domain) => !domain.startsWith("*."));
    if (settings.entrance !== undefined && own !== undefined)
      return { ...settings.entrance, host: own, path };
    const guid = await this.#appGuid(until);
    const routes = await this.#client.list(`/v3/apps/${guid}/routes`, routeSchema, until);
    const names = routes
      .map((route) => route.url.split("/")[0] ?? "")
      .filter((name) => !app.domains.includes(name));
    const page = `${maintenanceHost(app, settings)}.`;
    const host = names.find((name) => !name.startsWith(page)) ?? own;
    if (host === undefined) {
      throw new NotFoundError("The app has no route to ask for its health by.", {
        code: "no-route",
        suggestion: "Run `understudy up` for this site.",
      });
    }
    return settings.entrance === undefined
      ? { address: host, port: 443, tls: true, host: own ?? host, path }
      : { ...settings.entrance, host, path };
  }

  async serviceUrl(service: string, options: CallOptions = {}): Promise<string> {
    const until = limit(options);
    const guid = await this.#appGuid(until);
    const name = instanceName(this.#site.app, this.#site.settings, service);
    const bindings = "/v3/service_credential_bindings";
    const query = { app_guids: guid, service_instance_names: encodeURIComponent(name) };
    const [binding] = await this.#client.list(bindings, bindingSchema, until, query);
    if (binding === undefined) {
      throw new NotFoundError(`The app is not bound to a service '${name}'.`, {
        code: "no-such-service",
        path: service,
        suggestion: "Run `understudy up` for this site.",
      });
    }
    const details = await this.#client.get(`${bindings}/${binding.guid}/details`, detailsSchema, until);
    const url = urlOf(details.credentials);
    if (url !== undefined) return url;
    throw new NotFoundError(`The binding to '${name}' holds no URL.`, {
      code: "no-service-url",
      path: service,
    });
  }

  async logs(lines: number, options: CallOptions = {}): Promise<readonly LogLine[]> {
    const until = limit(options);
    const found = await lastLines(this.#client, await this.#appGuid(until), lines, until);
    return found.map(({ time, source, text }) => ({ time, source, text }));
  }

  #appGuid(until: Deadline): Promise<string> {
    this.#guid ??= this.#lookUp(until).then(
      (app) => app.guid,
      (error: unknown) => {
        this.#guid = undefined;
        throw error;
      },
    );
    return this.#guid;
  }

  /** The app as it is now; one that was deleted and made anew has another guid. */
  async #app(until: Deadline): Promise<AppAnswer> {
    const guid = await this.#appGuid(until);
    const found = await this.#client.find(`/v3/apps/${guid}`, appSchema, until);
    if (found !== undefined) return found;
    const anew = await this.#lookUp(until);
    this.#guid = Promise.resolve(anew.guid);
    return anew;
  }

  async #lookUp(until: Deadline): Promise<AppAnswer> {
    const { app, settings } = this.#site;
    const name = appName(app, settings);
    const found = await appNamed(this.#client, await placeOf(this.#client, settings, until), name, until);
    if (found !== undefined) return found;
    throw new NotFoundError(`There is no app '${name}' in space '${settings.space}'.`, {
      code: "app-not-found",
      path: name,
      suggestion: "Run `understudy up` for this site first.",
    });
  }
}

function limit({ timeoutMs = defaultTimeoutMs, signal }: CallOptions): Deadline {
  return deadline({ timeoutMs, signal });
}
