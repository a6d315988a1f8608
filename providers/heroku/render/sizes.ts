import type { App, Process } from "../../../src/app/schema.ts";

/** Dyno sizes by their memory, MB (https://devcenter.heroku.com/articles/dyno-types). */
const byMemory: readonly (readonly [number, string])[] = [
  [512, "basic"],
  [1024, "standard-2x"],
  [2560, "performance-m"],
  [14_336, "performance-l"],
  [30_720, "performance-l-ram"],
  [63_488, "performance-xl"],
  [129_024, "performance-2xl"],
];

const shared = new Set(["eco", "basic"]);
const leastProfessional = "standard-1x";

/** What a dyno's memory can be, MB. */
export const memorySizesMb: readonly number[] = byMemory.map(([memory]) => memory);

function wishOf({ size, scale }: Process): string | undefined {
  const hint = size.plan?.heroku?.toLowerCase();
  if (hint !== undefined) return hint;
  // A basic dyno stands alone in its process type.
  if (scale.count > 1 && (size.memoryMb ?? 0) <= 512) return leastProfessional;
  const { memoryMb } = size;
  if (memoryMb === undefined) return undefined;
  return byMemory.find(([memory]) => memoryMb <= memory)?.[1] ?? "performance-2xl";
}

/**
 * Size of each process type, in lower case; types without a wish are left out. Heroku takes no mix of eco or basic with
 * the professional sizes in one app, so one professional wish lifts all.
 */
export function sizesOf(app: App): Readonly<Record<string, string>> {
  const wishes = Object.entries(app.processes).map(([name, process]) => [name, wishOf(process)] as const);
  const isProfessional = wishes.some(([, size]) => size !== undefined && !shared.has(size));
  const sizes = wishes.flatMap(([name, size]) => {
    if (isProfessional && (size === undefined || shared.has(size)))
      return [[name, leastProfessional] as const];
    return size === undefined ? [] : [[name, size] as const];
  });
  return Object.fromEntries(sizes);
}
