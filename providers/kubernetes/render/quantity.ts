/** Largest number that fields of Kubernetes of type int32 take. */
const largestInteger = 2 ** 31 - 1;

const units = ["Mi", "Gi", "Ti", "Pi", "Ei"] as const;

/** MB (2^20 bytes) as the API server writes it: 512 is `512Mi`, 1024 is `1Gi`. */
export function megabytes(count: number): string {
  let rest = count;
  let unit = 0;
  while (rest % 1024 === 0 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${rest}${units[unit]}`;
}

/** A size such as `1024Mi` as the API server writes it. */
export function canonicalSize(text: string): string {
  const [, count = "0", unit = "Mi"] = /^(\d+)(Mi|Gi|Ti)$/.exec(text) ?? [];
  return megabytes(Number(count) * 1024 ** units.indexOf(unit as (typeof units)[number]));
}

/** Cores as the API server writes them: 0.25 is `250m`, 2 is `2`. */
export function cores(count: number): string {
  const thousandths = Math.max(1, Math.ceil(count * 1000 - 1e-6));
  return thousandths % 1000 === 0 ? `${thousandths / 1000}` : `${thousandths}m`;
}

/** Whole seconds, rounded up, within what Kubernetes can count. */
export function wholeSeconds(seconds: number, least = 1): number {
  return Math.min(largestInteger, Math.max(least, Math.ceil(seconds)));
}
