/** A field of a cron line that every cron reads: no `L`, `W` or `#`. */
const field = "[*?\\d,/-]+";
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Such a field in which names may stand as well, in any case. */
function named(names: readonly string[]): string {
  const caseless = names.map((name) => name.replace(/./g, (letter) => `[${letter}${letter.toUpperCase()}]`));
  return `([*?\\d,/-]|(${caseless.join("|")})(?![a-zA-Z]))+`;
}

/** Lines that Kubernetes takes (robfig/cron's standard parser), as far as an expression can say. */
export const standardCron = `^\\s*${field}\\s+${field}\\s+${field}\\s+${named(months)}\\s+${named(days)}\\s*$`;

const standard = new RegExp(standardCron);

export function isStandardCron(line: string): boolean {
  return standard.test(line);
}

/** `5-7` as the list 5,6,0: Kubernetes knows Sunday as 0 only. */
function withoutSeven(part: string): readonly string[] {
  const [, from, to, step = "1"] = /^(\d)(?:-(\d))?(?:\/(\d+))?$/.exec(part) ?? [];
  if (from === undefined || (from !== "7" && to !== "7")) return [part];
  const found: string[] = [];
  for (let day = Number(from); day <= Number(to ?? from); day += Math.max(1, Number(step))) {
    found.push(`${day % 7}`);
  }
  return found;
}

/** The line as Kubernetes reads it: the same, but for Sundays written as 7. */
export function kubernetesCron(line: string): string {
  const fields = line.trim().split(/\s+/);
  const weekdays = fields.at(-1) ?? "*";
  if (!/(^|[,-])7/.test(weekdays)) return fields.join(" ");
  const list = new Set(weekdays.split(",").flatMap(withoutSeven));
  return [...fields.slice(0, -1), [...list].join(",")].join(" ");
}
