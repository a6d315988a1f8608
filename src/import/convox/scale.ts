import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";

const byCpuAlone = "only scaling by CPU use can be described";

const noPlace: Readonly<Record<string, string>> = {
  cooldown: byCpuAlone,
  gpu: "graphics processors can't be described",
  keda: byCpuAlone,
  limit: "a size has one bound, which is both what is reserved and what is allowed",
  vpa: "sizes that the platform changes by itself can't be described",
};

/** Reads how many of a service run, and how large they are: a number, a range, or a map with more. */
export function readScale(scale: Entry | undefined, path: readonly string[], collector: Collector): void {
  if (scale === undefined) return;
  readCount(scale.tree.kind === "map" ? scale.get("count") : scale, [...path, "scale"], collector);
  for (const key of ["min", "max"]) takeBound(scale.get(key), key, [...path, "scale"], collector);
  readTargets(scale, [...path, "scale", "cpuPercent"], collector);
  const cpu = scale.get("cpu");
  const units = cpu?.number();
  // 1,000 units are one core on Kubernetes-based racks, 1,024 on older ones.
  if (cpu !== undefined && units !== undefined && units > 0) {
    const cores = Math.round(units / 10.24) / 100;
    collector.approximate(cpu, [...path, "size", "cpu"], cores, "1,024 units are taken as one core");
  } else if (units === 0) cpu?.ignored("0 reserves nothing");
  const memory = scale.get("memory");
  const size = memory?.number();
  if (memory !== undefined && size !== undefined && Number.isInteger(size) && size > 0)
    collector.carry(memory, [...path, "size", "memoryMb"], size);
  else if (size === 0) memory?.ignored("0 reserves nothing");
  for (const [key, reason] of Object.entries(noPlace)) scale.get(key)?.dropped(reason);
}

function readCount(count: Entry | undefined, path: readonly string[], collector: Collector): void {
  if (count?.tree.kind === "map") {
    for (const key of ["min", "max"]) takeBound(count.get(key), key, path, collector);
    return;
  }
  const [, least, most] = /^(\d+)(?:-(\d+))?\+?$/.exec(count?.text()?.trim() ?? "") ?? [];
  if (count === undefined || least === undefined) return;
  collector.carry(count, [...path, "count"], Number(least));
  if (most === undefined) return;
  collector.also(count, [...path, "min"], Number(least));
  collector.also(count, [...path, "max"], Number(most));
}

function takeBound(
  entry: Entry | undefined,
  key: string,
  path: readonly string[],
  collector: Collector,
): void {
  const value = entry?.number();
  if (entry !== undefined && value !== undefined && Number.isInteger(value) && value >= 0)
    collector.carry(entry, [...path, key], value);
}

/** Both forms say towards what use of CPU the count is scaled; the rest of them has no place. */
function readTargets(scale: Entry, path: readonly string[], collector: Collector): void {
  for (const [key, target] of scale.get("targets")?.members() ?? [])
    takeTarget(key, target, target, path, collector);
  for (const [key, target] of scale.get("autoscale")?.members() ?? [])
    takeTarget(key, target, target.get("threshold"), path, collector);
}

function takeTarget(
  key: string,
  target: Entry,
  threshold: Entry | undefined,
  path: readonly string[],
  collector: Collector,
): void {
  const percent = threshold?.number();
  if (key === "cpu" && threshold !== undefined && percent !== undefined && percent >= 1 && percent <= 100)
    collector.carry(threshold, path, Math.round(percent));
  else target.dropped(byCpuAlone);
}
