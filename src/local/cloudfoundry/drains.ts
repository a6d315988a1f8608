import type { Cloud, Drains } from "./cloud.ts";

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
