import type { App } from "../../../src/app/schema.ts";

/** Config var that says in which role a site is; only release commands read it. */
export const roleVariable = "UNDERSTUDY_ROLE";

/** A command as one word of bash, on one line whatever is in it. */
function asScript(command: string): string {
  const quoted = command.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll(/\r?\n/g, "\\n");
  return `bash -c $'${quoted}'`;
}

/** A Procfile's line can't hold a line break. */
function oneLine(command: string): string {
  const trimmed = command.trim();
  return /[\r\n]/.test(trimmed) ? asScript(trimmed) : trimmed;
}

/**
 * Heroku runs the release command for every build and config change, wherever the app stands. On a standby it would
 * write to a database that has another writer. So it asks for the role at run time: the slug is then the same on both
 * sides, and a change of role needs no build. Without the variable it does nothing, so that no half-made or half-removed
 * site migrates.
 */
export function guardedRelease(command: string): string {
  const trimmed = command.trim();
  // A comment, or a line that isn't finished, would swallow what follows it.
  const whole = /[#\r\n]|[&;\\]$/.test(trimmed) ? asScript(trimmed) : trimmed;
  const skipped = `echo 'The release command runs only where ${roleVariable} is active: skipped'`;
  return `if [ "$${roleVariable}" = active ]; then ${whole}; else ${skipped}; fi`;
}

/** The command within a guard of {@link guardedRelease}; any other as it is. */
export function unguarded(command: string): string {
  const [, inner] =
    /^if \[ "\$UNDERSTUDY_ROLE" = active \]; then (.*); else echo '.*'; fi$/s.exec(command) ?? [];
  return inner ?? command;
}

/** Process types whose command the description leaves to the archive's own Procfile or the buildpack. */
export function keptProcesses(app: App): readonly string[] {
  return Object.entries(app.processes)
    .filter(([, { command }]) => command === undefined)
    .map(([name]) => name)
    .sort();
}

/** The Procfile as the description has it; undefined when it says nothing of processes. */
export function procfileOf(app: App): string | undefined {
  const lines = Object.entries(app.processes).flatMap(([name, { command }]) =>
    command === undefined ? [] : [`${name}: ${oneLine(command)}`],
  );
  if (app.release !== undefined) lines.push(`release: ${guardedRelease(app.release.command)}`);
  return lines.length === 0 ? undefined : `${lines.sort().join("\n")}\n`;
}

/** Lines of the archive's own Procfile for types that the description leaves to it. */
export function linesFor(types: readonly string[], own: string): readonly string[] {
  return own.split(/\r?\n/).flatMap((line) => {
    const [, type, command] = /^([A-Za-z0-9_-]+)\s*:\s*(.+?)\s*$/.exec(line) ?? [];
    return type !== undefined && command !== undefined && types.includes(type) ? [`${type}: ${command}`] : [];
  });
}
