import type { Cloud } from "./cloud.ts";
import type { Binding } from "./model.ts";

/** Log drains: what a binding to a user-provided instance with a syslog drain URL sets going. */
export interface Drains {
  start(binding: Binding): void;
  stop(binding: string): void;
}

export function createDrains(cloud: Cloud): Drains {
  const running = new Map<string, () => void>();
  return {
    start(binding) {
      const url = cloud.model.instances[binding.instance]?.syslogDrainUrl;
      if (binding.app === undefined || url === undefined || url === null || running.has(binding.guid)) return;
      running.set(binding.guid, cloud.runtime.logs.drain(binding.app, url, binding.app));
    },
    stop(binding) {
      running.get(binding)?.();
      running.delete(binding);
    },
  };
}
