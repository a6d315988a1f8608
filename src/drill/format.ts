/** Figures as people read them: a thin space before the unit, thousands parted by commas. */

const thin = "\u202f";

/** `0 s`, `0.24 s`, `4.2 s`, `5 s`, `75 s`. */
export function seconds(value: number): string {
  const digits = Number.isInteger(value) || value >= 20 ? 0 : value < 1 ? 2 : 1;
  return `${value.toFixed(digits)}${thin}s`;
}

/** `0 ms`, `0.4 ms`, `38 ms`, `1.2 s`. */
export function milliseconds(value: number): string {
  if (value >= 1000) return seconds(value / 1000);
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)}${thin}ms`;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

/** `1 write`, `2 writes`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** `12 November 2026, 14:05 UTC`. */
export function dateTime(at: number): string {
  const text = new Date(at).toLocaleString("en-GB", {
    timeZone: "UTC",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
  return `${text.replace(" at ", ", ")} UTC`;
}
