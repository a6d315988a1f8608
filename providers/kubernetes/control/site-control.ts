import type {
  CallOptions,
  CommandResult,
  ControlledSite,
  HealthObservation,
  LogLine,
  SiteControl,
  SiteObservation,
} from "../../../src/platform/contract.ts";
import { clientFor } from "../client/client.ts";
import type { KubernetesConnection } from "../connection.ts";
import type { Settings } from "../settings.ts";
import { changeConfig, restartAll } from "./config.ts";
import { readHealth } from "./health.ts";
import { readLogs } from "./logs.ts";
import { enterMaintenance, leaveMaintenance } from "./maintenance.ts";
import { observeSite } from "./observe.ts";
import { type Place, placeOf } from "./place.ts";
import { runCommand } from "./run.ts";
import { scaleProcess, setSchedule } from "./scale.ts";
import { readServiceUrl } from "./service-url.ts";

/** What the failover plane may ask of a site on Kubernetes or a distribution of it. */
export class KubernetesSite implements SiteControl {
  readonly #connection: KubernetesConnection;
  readonly #site: ControlledSite<Settings>;

  constructor(connection: KubernetesConnection, site: ControlledSite<Settings>) {
    this.#connection = connection;
    this.#site = site;
  }

  get #place(): Place {
    return placeOf(clientFor(this.#connection), this.#connection, this.#site);
  }

  observe(options: CallOptions = {}): Promise<SiteObservation> {
    return observeSite(this.#place, options);
  }

  async scale(counts: Readonly<Record<string, number>>, options: CallOptions = {}): Promise<void> {
    const place = this.#place;
    await Promise.all(
      Object.entries(counts).map(([process, count]) => scaleProcess(place, process, count, options)),
    );
  }

  schedule(on: boolean, options: CallOptions = {}): Promise<void> {
    return setSchedule(this.#place, on, options);
  }

  /** Returns once the change is accepted; the pods roll as the Deployments say. */
  setConfig(changes: Readonly<Record<string, string | null>>, options: CallOptions = {}): Promise<void> {
    return changeConfig(this.#place, changes, options);
  }

  maintenance(on: boolean, options: CallOptions = {}): Promise<void> {
    return on ? enterMaintenance(this.#place, options) : leaveMaintenance(this.#place, options);
  }

  run(command: string, options: CallOptions = {}): Promise<CommandResult> {
    return runCommand(this.#place, command, options);
  }

  /** Returns once it is accepted; the pods roll as the Deployments say. */
  restart(options: CallOptions = {}): Promise<void> {
    return restartAll(this.#place, options);
  }

  health(options: CallOptions = {}): Promise<HealthObservation> {
    return readHealth(this.#place, options);
  }

  serviceUrl(service: string, options: CallOptions = {}): Promise<string> {
    return readServiceUrl(this.#place, service, options);
  }

  logs(lines: number, options: CallOptions = {}): Promise<readonly LogLine[]> {
    return readLogs(this.#place, lines, options);
  }
}
