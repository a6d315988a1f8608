import { holdsSecret } from "./secrecy.ts";

interface Hint {
  readonly code: string;
  readonly message: string;
}

const migration =
  /\b(db:migrate|db:schema:load|migrate|ecto\.migrate|alembic upgrade|flyway|sequelize db:)\b/;

/** Whether a shell line changes the database's schema, as far as its words tell. */
export function migrates(command: string): boolean {
  return migration.test(command);
}

/** What about a start command could behave otherwise on another platform. */
export function commandNotes(type: string, command: string): readonly Hint[] {
  const hints: Hint[] = [];
  const port = /(?:^|\s)(?:-p|--port|--bind|-b)[ =]?(?:[\w.[\]*]+:)?(\d{2,5})(?=\s|$)/.exec(command)?.[1];
  if (port !== undefined && !command.includes("PORT")) {
    hints.push({
      code: "fixed-port",
      message: `'${type}' listens on port ${port} whatever $PORT says: it works only where http.port can be set to ${port}.`,
    });
  }
  if (type !== "release" && migrates(command) && /&&|;/.test(command)) {
    hints.push({
      code: "migrates-at-start",
      message: `'${type}' migrates the database at every start, once per instance: should that be the release command?`,
    });
  }
  if (/\bsleep infinity\b/.test(command)) {
    hints.push({
      code: "one-off",
      message: `'${type}' sleeps when its work is done: it is a one-off or a scheduled job; should it be under schedule?`,
    });
  }
  if (/\b(foreman|honcho|overmind|hivemind) start\b/.test(command)) {
    hints.push({
      code: "process-manager",
      message: `'${type}' starts several processes in one: they can't be scaled or switched by role one by one.`,
    });
  }
  if (/(^|[\s='":])\/(app|home\/vcap)\//.test(command)) {
    hints.push({
      code: "fixed-path",
      message: `'${type}' names a path (/app or /home/vcap) that other platforms do not have.`,
    });
  }
  if (holdsSecret(command.replaceAll(/\$\{?\w+\}?/g, ""))) {
    hints.push({
      code: "secret-in-command",
      message: `'${type}' has a secret in its command, where it is in clear: give it as a variable under secrets.`,
    });
  }
  return hints;
}
