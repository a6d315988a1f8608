import { envNamesOf } from "../app/roles.ts";
import type { Service } from "../app/schema.ts";
import type { Json } from "../base/json.ts";
import { migrates } from "./command-notes.ts";
import type { Draft } from "./draft.ts";
import type { Note } from "./findings.ts";

const clock = /(^|[-_])\w*(clock|beat|scheduler|cron)$/i;
const oneOff = /^(console|custom|migrat\w*)([-_]|$)/i;

type Step = (draft: Draft) => readonly Note[];

/** What the files leave unsaid, or say in two places, is settled here; each assumption is a note. */
export const completions: readonly Step[] = [
  preferValues,
  giveServicesTheirNames,
  assumeWeb,
  keepOneOffsDown,
  keepClocksSingle,
  countAutoscaled,
  noteCounts,
  askAboutMigration,
];

function place(draft: Draft, ...path: readonly string[]): { readonly file?: string; readonly line?: number } {
  const [from] = draft.from(...path);
  return from === undefined ? {} : { file: from.file, line: from.line };
}

/** A variable that has its value in one place need not be given where another place only names it. */
function preferValues(draft: Draft): readonly Note[] {
  for (const name of draft.names("config"))
    draft.remove(["secrets", name], { status: "carried", to: `config.${name}` });
  return [];
}

/** A variable that a service gives is not to be given by hand as well. */
function giveServicesTheirNames(draft: Draft): readonly Note[] {
  for (const service of draft.names("services")) {
    const env = draft.get("services", service, "env") as readonly string[] | undefined;
    for (const name of envNamesOf(service, { env } as Service)) {
      const to = `services.${service}`;
      draft.remove(["secrets", name], { status: "carried", to });
      draft.remove(["config", name], {
        status: "ignored",
        reason: `the service '${service}' gives this variable`,
      });
    }
  }
  return [];
}

function assumeWeb(draft: Draft): readonly Note[] {
  if (draft.names("processes").length > 0) return [];
  draft.set(["processes", "web"], {});
  const message =
    "No process is named in any file: one web process is taken, started as the buildpack or image does.";
  return [{ code: "assumed-web", message, path: "processes.web" }];
}

function keepOneOffsDown(draft: Draft): readonly Note[] {
  return draft.names("processes").flatMap((name): readonly Note[] => {
    if (!oneOff.test(name) || draft.get("processes", name, "scale", "count") !== undefined) return [];
    draft.set(["processes", name, "scale", "count"], 0, draft.from("processes", name, "command"));
    const message = `'${name}' looks like something that is run by hand: it is kept at 0.`;
    return [
      {
        code: "kept-at-zero",
        message,
        path: `processes.${name}`,
        ...place(draft, "processes", name, "command"),
      },
    ];
  });
}

function keepClocksSingle(draft: Draft): readonly Note[] {
  return draft.names("processes").flatMap((name): readonly Note[] => {
    const command = draft.get("processes", name, "command");
    const named =
      clock.test(name) || (typeof command === "string" && /\bcelery\b.* beat\b|\bclockwork\b/.test(command));
    const many = ["count", "max"].some((key) => Number(draft.get("processes", name, "scale", key) ?? 1) > 1);
    if (name === "web" || !named || many) return [];
    draft.set(["processes", name, "singleton"], true, draft.from("processes", name, "command"));
    const message = `'${name}' looks like a clock: it is marked singleton, so that it never runs twice. Is that right?`;
    return [
      {
        code: "assumed-singleton",
        message,
        path: `processes.${name}`,
        ...place(draft, "processes", name, "command"),
      },
    ];
  });
}

function countAutoscaled(draft: Draft): readonly Note[] {
  for (const name of draft.names("processes")) {
    const min = draft.get("processes", name, "scale", "min");
    if (typeof min !== "number" || draft.get("processes", name, "scale", "count") !== undefined) continue;
    draft.set(["processes", name, "scale", "count"], min, draft.from("processes", name, "scale", "min"));
  }
  return [];
}

function noteCounts(draft: Draft): readonly Note[] {
  const assumed = draft
    .names("processes")
    .filter((name) => name !== "web" && draft.get("processes", name, "scale", "count") === undefined);
  if (assumed.length === 0) return [];
  const message = `No file says how many of ${assumed.join(", ")} run: one of each is taken.`;
  return [{ code: "assumed-count", message, path: "processes" }];
}

function askAboutMigration(draft: Draft): readonly Note[] {
  const setup: Json | undefined = draft.get("setup");
  if (typeof setup !== "string" || !migrates(setup) || draft.get("release", "command") !== undefined)
    return [];
  const message =
    "The database is migrated only at set-up (postdeploy), which runs once: should the migration be the release command?";
  return [{ code: "migration-only-at-setup", message, path: "setup", ...place(draft, "setup") }];
}
