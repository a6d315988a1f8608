/** `512M`, `1.5G`, `256MB` in MB; undefined for anything else. 1 G is 1,024 M. */
export function megabytes(text: string): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([MGT])B?\s*$/i.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const factor = { M: 1, G: 1024, T: 1024 * 1024 }[unit.toUpperCase()] ?? 1;
  const size = Math.ceil(Number(number) * factor);
  return size > 0 ? size : undefined;
}
