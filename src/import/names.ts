/** A name for an app: 2 to 30 lower-case letters, digits and `-`; undefined when nothing of the text is left. */
export function appName(text: string): string | undefined {
  const plain = text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .replace(/^(?=\d)/, "app-")
    .slice(0, 30)
    .replace(/-+$/, "");
  return /[a-z].*[a-z0-9]/.test(plain) ? plain : undefined;
}

/** A name for a process, job or service; undefined when nothing of the text is left. */
export function partName(text: string): string | undefined {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
    .replaceAll(/-{2,}/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 63)
    .replace(/[-_]+$/, "");
  return plain === "" ? undefined : plain;
}

/** The name, or the first of `name-2`, `name-3`, ... that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  return free;
}
