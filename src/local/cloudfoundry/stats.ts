import type { Instance, InstanceState } from "../runtime/contract.ts";
import { type Cloud, find, timestamp } from "./cloud.ts";
import type { Process } from "./model.ts";

const states: Readonly<Record<InstanceState, string>> = {
  starting: "STARTING",
  up: "RUNNING",
  crashed: "CRASHED",
  stopping: "STOPPING",
};

/** The runtime's instances of one process. While a deployment runs, two web processes share them: old and new ones. */
function instancesOf(cloud: Cloud, process: Process): readonly Instance[] {
  const ofType = cloud.runtime.supervisor
    .instances(process.app)
    .filter((instance) => instance.type === process.type);
  const deployment = Object.values(cloud.model.deployments).find(
    (item) =>
      item.value === "ACTIVE" && (item.newProcess === process.guid || item.oldProcess === process.guid),
  );
  if (deployment === undefined) return ofType;
  const isOld = (instance: Instance) => deployment.oldInstances.includes(instance.id);
  return ofType.filter((instance) => isOld(instance) === (deployment.oldProcess === process.guid));
}

/** One instance as the API shows it; one that isn't there has only these. */
interface Stat {
  readonly type: string;
  readonly index: number;
  readonly state: string;
  readonly routable: boolean;
  readonly uptime: number;
  readonly details: null;
}

function present(cloud: Cloud, process: Process, instance: Instance): Stat {
  const mebibyte = 1024 * 1024;
  const more = {
    instance_guid: instance.id,
    host: cloud.runtime.router.address,
    instance_internal_ip: cloud.runtime.router.address,
    mem_quota: process.memoryMb * mebibyte,
    disk_quota: process.diskMb * mebibyte,
    log_rate_limit: process.logRate,
    fds_quota: 16384,
    isolation_segment: null,
    instance_ports: [
      {
        external: instance.port,
        internal: 8080,
        external_tls_proxy_port: null,
        internal_tls_proxy_port: null,
      },
    ],
    usage: { time: timestamp(cloud), cpu: 0, cpu_entitlement: 0, mem: 0, disk: 0, log_rate: 0 },
  };
  return {
    ...more,
    type: process.type,
    index: instance.index,
    state: states[instance.state] ?? "DOWN",
    routable: instance.state === "up",
    uptime: Math.max(0, Math.floor((cloud.clock.now() - instance.since) / 1000)),
    details: null,
  };
}

/** One entry for each desired instance; those that aren't there are short and `DOWN`. */
export function stats(cloud: Cloud, process: Process): readonly Stat[] {
  const app = find(cloud.model.apps, process.app, "App");
  const instances = app.state === "STARTED" ? instancesOf(cloud, process) : [];
  // Of two at one index, the newer one counts: the other is on its way out.
  const byIndex = new Map(
    instances
      .toSorted((a, b) => Number(b.state === "stopping") - Number(a.state === "stopping"))
      .map((instance) => [instance.index, instance]),
  );
  return Array.from({ length: process.instances }, (_, index) => {
    const instance = byIndex.get(index);
    const down = { type: process.type, index, state: "DOWN", routable: false, uptime: 0, details: null };
    return instance === undefined ? down : present(cloud, process, instance);
  });
}
