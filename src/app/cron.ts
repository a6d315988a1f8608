import { Cron } from "croner";

const nicknames: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** The five fields that a nickname such as `@daily` stands for, or undefined. */
export function cronOfNickname(text: string): string | undefined {
  return nicknames[text.trim().toLowerCase()];
}

/** What is wrong with a cron line of five fields, or undefined when it is right and will fire. */
export function cronFault(
  line: string,
): { readonly message: string; readonly suggestion?: string } | undefined {
  const shown = JSON.stringify(line);
  const meant = cronOfNickname(line);
  if (meant !== undefined) {
    return { message: `${shown} is a nickname, not a cron line.`, suggestion: `Write "${meant}".` };
  }
  const fields = line.trim().split(/\s+/);
  if (fields.length !== 5) {
    return {
      message: `${shown} is not a cron line: it has ${fields.length === 1 ? "one field" : `${fields.length} fields`}, not five.`,
      suggestion: 'Write minute hour day month weekday, e.g. "30 4 * * 1".',
    };
  }
  const [, , day, month] = fields;
  try {
    const job = new Cron(line, { paused: true, timezone: "UTC" });
    // Only a day of a month can be one that never comes; to look for it takes time.
    if (day === "*" || month === "*" || job.nextRun() !== null) return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "";
    return {
      message: `${shown} is not a cron line: ${reason.replace(/[.]?$/, ".")}`,
      suggestion: 'Write minute hour day month weekday, e.g. "30 4 * * 1".',
    };
  }
  return { message: `${shown} never fires: there is no such day.`, suggestion: "Check day and month." };
}
