import type { Entry } from "../entry.ts";
import type { Collector } from "../findings.ts";
import { lookup } from "../lookup.ts";

/** Memory of Heroku's dyno sizes in MB (Dev Center, dyno types, 2024-06). */
const memoryOfSize: Readonly<Record<string, number>> = {
  eco: 512,
  basic: 512,
  "standard-1x": 512,
  "standard-2x": 1024,
  "performance-m": 2560,
  "performance-l": 14_336,
  "performance-l-ram": 30_720,
  "performance-xl": 63_488,
  "performance-2xl": 129_024,
};

const renamedSizes: Readonly<Record<string, string>> = {
  free: "basic",
  hobby: "basic",
  "1x": "standard-1x",
  "2x": "standard-2x",
  px: "performance-l",
};

/** Reads `formation` of an app.json: a map by process type, or (seen in the wild) a list of either form. */
export function readFormation(formation: Entry, collector: Collector): void {
  for (const [type, entry] of formation.members()) readType(type, entry, collector);
  for (const entry of formation.items()) {
    const name = entry.get("process") ?? entry.get("type") ?? entry.get("name");
    const type = name?.text();
    if (name === undefined)
      for (const [key, value] of entry.members())
        if (value.tree.kind === "map") readType(key, value, collector);
    if (name === undefined || type === undefined || type === "") continue;
    collector.carry(name, ["processes", type], {});
    readType(type, entry, collector);
  }
}

function readType(type: string, entry: Entry, collector: Collector): void {
  const path = ["processes", type];
  if (entry.tree.kind !== "map") return;
  collector.also(entry, path, {});
  const quantity = entry.get("quantity");
  const count = quantity?.number();
  if (quantity !== undefined && count !== undefined && Number.isInteger(count) && count >= 0) {
    collector.carry(quantity, [...path, "scale", "count"], count);
  }
  const size = entry.get("size");
  const text = size?.text()?.trim().toLowerCase();
  if (size !== undefined && text !== undefined && text !== "") {
    const today = lookup(renamedSizes, text);
    const plan = today ?? text;
    const target = [...path, "size", "plan", "heroku"];
    if (today === undefined) collector.carry(size, target, plan);
    else collector.approximate(size, target, plan, `the size ${text} was withdrawn, ${today} took its place`);
    const memory = lookup(memoryOfSize, plan);
    if (memory !== undefined) collector.also(size, [...path, "size", "memoryMb"], memory);
  }
  const autoscaling = entry.get("autoscaling");
  if (autoscaling !== undefined) readAutoscaling(autoscaling, [...path, "scale"], collector);
  const exposed = entry.get("service")?.get("exposed");
  if (exposed?.scalar() === true || exposed?.scalar() === false) {
    collector.carry(exposed, [...path, "http", "public"], exposed.scalar() === true);
  }
  entry.get("max_parallel")?.dropped("how many instances are replaced at once is the platform's choice");
}

function readAutoscaling(autoscaling: Entry, scale: readonly string[], collector: Collector): void {
  for (const [key, field] of [
    ["min_quantity", "min"],
    ["max_quantity", "max"],
  ] as const) {
    const entry = autoscaling.get(key);
    const value = entry?.number();
    if (entry === undefined || value === undefined || !Number.isInteger(value)) continue;
    collector.carry(entry, [...scale, field], value);
  }
  for (const trigger of autoscaling.get("triggers")?.items() ?? []) {
    const type = trigger.get("type")?.text();
    const value = trigger.get("metadata")?.get("value");
    const percent = value?.number();
    if (type !== "cpu" || value === undefined || percent === undefined) {
      trigger.dropped("only scaling by CPU use can be described");
      continue;
    }
    trigger.carried();
    collector.carry(value, [...scale, "cpuPercent"], percent);
  }
}
