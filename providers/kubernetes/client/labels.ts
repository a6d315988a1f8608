/** A label selector as the API takes it: labels with these values, and further requirements such as the name of one that has to be there. */
export function labelSelectorOf(
  labels: Readonly<Record<string, string>>,
  ...further: readonly string[]
): string {
  return [...Object.entries(labels).map(([key, value]) => `${key}=${value}`), ...further].join(",");
}
