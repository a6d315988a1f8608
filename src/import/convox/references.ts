/** Why a text with `${VARIABLES}` can't be taken as it is; undefined for one without. */
export function referencesIn(text: string): string | undefined {
  const names = [...text.matchAll(/\$\{([^{}]*)\}/g)].map(([whole]) => whole);
  return names.length === 0 ? undefined : `only the platform itself fills in ${names.join(", ")}`;
}
