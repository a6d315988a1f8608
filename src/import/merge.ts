import type { App } from "../app/schema.ts";
import type { AppComment } from "../app/stringify.ts";
import { InputError } from "../base/errors.ts";
import { completions } from "./complete.ts";
import { type Files, settleContainer } from "./container.ts";
import { Draft } from "./draft.ts";
import type { FileFindings, Note } from "./findings.ts";
import type { Source } from "./ledger.ts";
import { appName } from "./names.ts";

/** What importing gave. */
export interface Imported {
  readonly app: App;
  readonly notes: readonly Note[];
  /** Every key of every file that was read, and what became of it. */
  readonly sources: readonly Source[];
  /** Notes and the files' own remarks, for the YAML. */
  readonly comments: readonly AppComment[];
}

/** What else the merging has to know. */
export interface FolderFacts {
  /** The folder's own name. */
  readonly folder: string;
  /** As the caller named it, for messages. */
  readonly place: string;
  /** Manifests that were not chosen. */
  readonly otherManifests: readonly string[];
}

/**
 * One description out of all files. Where they differ, heroku.yml goes before app.json, that before a manifest, that
 * before convox.yml, and the Procfile is last; what was overruled is accounted for.
 * @throws InputError when no file describes an app.
 */
export function mergeFiles(files: Files, facts: FolderFacts): Imported {
  const { readable, notes } = withoutForeign(files, facts);
  const settled = settleContainer(readable);
  notes.push(...settled.notes, ...settled.files.flatMap((file) => file.notes));
  const draft = new Draft();
  for (const file of settled.files) draft.add(file);
  if (settled.assumeDockerfile) draft.set(["build", "dockerfile"], "Dockerfile");
  if (draft.get("name") === undefined) {
    draft.set(["name"], appName(facts.folder) ?? "app");
    const message = "No file names the app: it is called by its folder.";
    notes.push({ code: "assumed-name", message, path: "name" });
  }
  const parents = new Set(readable.manifest?.sources().map((source) => source.file));
  for (const file of facts.otherManifests.filter((name) => !parents.has(name))) {
    const message = `${file} was not read: name it with --manifest to import it instead.`;
    notes.push({ code: "not-read", message, file });
  }
  if (readable.manifest !== undefined) keepUnnamedDown(draft, readable.manifest, notes);
  draft.settleLosses();
  for (const complete of completions) notes.push(...complete(draft));
  const app = withWebFirst(draft.finish(notes));
  const read = Object.values(files).filter((file) => file !== undefined);
  return {
    app,
    notes,
    sources: read.flatMap((file) => file.sources()),
    comments: commentsOf(settled.files, notes),
  };
}

const lookedFor = ["app.json", "heroku.yml", "manifest.yml", "convox.yml", "Procfile"];

/** Files of other tools that happen to have the same name are left alone, unless there is nothing else. */
function withoutForeign(
  files: Files,
  facts: FolderFacts,
): { readonly readable: Files; readonly notes: Note[] } {
  const notes: Note[] = [];
  const all: readonly (FileFindings | undefined)[] = Object.values(files);
  const foreign = all.flatMap((file) =>
    file?.foreign === undefined ? [] : [{ file: file.file, owner: file.foreign }],
  );
  const own = <T extends FileFindings>(file: T | undefined): T | undefined =>
    file?.foreign === undefined ? file : undefined;
  const readable: Files = {
    herokuYml: own(files.herokuYml),
    appJson: own(files.appJson),
    manifest: own(files.manifest),
    convoxYml: own(files.convoxYml),
    procfile: files.procfile,
  };
  const none = Object.values(readable).every((file) => file === undefined);
  if (none && foreign.length > 0) {
    throw new InputError(
      foreign.map(({ file, owner }) => ({
        code: "foreign-file",
        message: `It does not describe an app for a platform: it is ${owner}.`,
        file,
        suggestion: "Import a folder with a Procfile, or write understudy.yaml by hand.",
      })),
    );
  }
  if (none) {
    throw new InputError([
      {
        code: "nothing-to-import",
        message: `There is none of ${lookedFor.join(", ")} here.`,
        file: facts.place,
        suggestion:
          "Name the folder that holds them, or write understudy.yaml by hand (see: understudy schema).",
      },
    ]);
  }
  for (const { file, owner } of foreign) {
    notes.push({ code: "foreign-file", message: `${file} was left alone: it is ${owner}.`, file });
  }
  return { readable, notes };
}

/** Types of a Procfile that a manifest does not name are known to Cloud Foundry, but it starts none of them. */
function keepUnnamedDown(draft: Draft, manifest: FileFindings, notes: Note[]): void {
  const named = new Set(manifest.findings.map(({ path }) => (path[0] === "processes" ? path[1] : undefined)));
  const down = draft
    .names("processes")
    .filter((name) => !named.has(name) && draft.get("processes", name, "scale", "count") === undefined);
  for (const name of down)
    draft.set(["processes", name, "scale", "count"], 0, draft.from("processes", name, "command"));
  if (down.length === 0) return;
  const message = `${down.join(", ")}: in the Procfile, but not in ${manifest.file}, so the platform keeps them at 0.`;
  notes.push({ code: "kept-at-zero", message, path: "processes" });
}

/** Whatever file named it first, readers look for web. */
function withWebFirst(app: App): App {
  const { web, ...others } = app.processes;
  return web === undefined ? app : { ...app, processes: { web, ...others } };
}

function commentsOf(files: readonly FileFindings[], notes: readonly Note[]): readonly AppComment[] {
  return [
    ...files.flatMap((file) => file.remarks),
    ...notes.flatMap((note) =>
      note.path === undefined ? [] : [{ path: note.path.split("."), text: note.message }],
    ),
  ];
}
