import { createHash } from "node:crypto";
import { z } from "zod";
import { UnderstudyError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Backend, StackName } from "./backend.ts";
import { type Deployment, formatCheckpoint, makeDeployment, parseCheckpoint } from "./deployment-file.ts";
import { amendJournal, Journal, readJournal, removeJournal } from "./journal.ts";
import { decodeResource, encodeResource } from "./resource-state.ts";
import type { Crypter } from "./secrets.ts";
import { type Change, type Operation, type OperationKind, Snapshot } from "./snapshot.ts";

const headerSchema = z.looseObject({ journal: z.literal(1), base: z.string(), salt: z.string() });
const foldedSchema = z.looseObject({ folded: z.string() });
const changeSchema = z.strictObject({
  begin: z.strictObject({ number: z.number(), type: z.string(), resource: z.unknown() }).optional(),
  end: z.number().optional(),
  set: z.array(z.tuple([z.string(), z.unknown()])).optional(),
  drop: z.array(z.string()).optional(),
  rename: z.tuple([z.string(), z.string()]).optional(),
});

function digest(text: string | undefined): string {
  return text === undefined ? "" : createHash("sha256").update(text).digest("hex");
}

function encodeChange(change: Change, crypter: Crypter): Json {
  return {
    ...(change.begin === undefined
      ? {}
      : {
          begin: {
            number: change.begin.number,
            type: change.begin.operation.type,
            resource: encodeResource(change.begin.operation.resource, crypter),
          },
        }),
    ...(change.end === undefined ? {} : { end: change.end }),
    ...(change.set === undefined
      ? {}
      : { set: change.set.map(([key, state]) => [key, encodeResource(state, crypter)]) }),
    ...(change.drop === undefined ? {} : { drop: [...change.drop] }),
    ...(change.rename === undefined ? {} : { rename: [...change.rename] }),
  };
}

function parseEntry<T>(schema: z.ZodType<T>, entry: unknown, path: string): T {
  const parsed = schema.safeParse(entry);
  if (parsed.success) return parsed.data;
  throw new UnderstudyError(
    "The journal of a run that broke off holds a line that is no change of the state.",
    {
      code: "bad-journal",
      path,
      suggestion:
        "Was it written by another version? Compare the state with what exists, then move the journal away.",
    },
  );
}

function decodeChange(
  { begin, end, set, drop, rename }: z.output<typeof changeSchema>,
  crypter: Crypter,
): Change {
  return {
    ...(begin === undefined
      ? {}
      : {
          begin: {
            number: begin.number,
            operation: {
              type: begin.type as OperationKind,
              resource: decodeResource(begin.resource, crypter),
            },
          },
        }),
    ...(end === undefined ? {} : { end }),
    ...(set === undefined
      ? {}
      : { set: set.map(([key, state]) => [key, decodeResource(state, crypter)] as const) }),
    ...(drop === undefined ? {} : { drop }),
    ...(rename === undefined ? {} : { rename }),
  };
}

/** Gives the crypter for a salt: that of the stack, or another that the state was written with. */
export type CrypterFor = (salt: string | undefined) => Promise<Crypter>;

/** A stack's state as it lies on the disk. */
export interface StoredState {
  readonly snapshot: Snapshot;
  /** Whether a journal of a run that did not end was laid over the state file. */
  readonly recovered: boolean;
  /** Whether the stack exists: it has a state file or a journal. */
  readonly exists: boolean;
}

export async function snapshotOf(deployment: Deployment, crypterFor: CrypterFor): Promise<Snapshot> {
  const crypter = await crypterFor(deployment.secrets_providers?.state?.salt);
  const pending = (deployment.pending_operations ?? []).map(
    (operation): Operation => ({
      type: operation.type,
      resource: decodeResource(operation.resource, crypter),
    }),
  );
  return new Snapshot(
    (deployment.resources ?? []).map((resource) => decodeResource(resource, crypter)),
    pending,
  );
}

/** Reads the state, with the journal of a broken-off run laid over it. Changes nothing on the disk. */
export async function readState(
  backend: Backend,
  name: StackName,
  crypterFor: CrypterFor,
): Promise<StoredState> {
  const text = await backend.read(name);
  const snapshot =
    text === undefined
      ? new Snapshot([])
      : await snapshotOf(parseCheckpoint(text, backend.statePath(name)), crypterFor);
  const entries = await readJournal(backend.journalPath(name));
  if (entries === undefined || entries.length === 0)
    return { snapshot, recovered: false, exists: text !== undefined };
  const [first, ...rest] = entries;
  const header = parseEntry(headerSchema, first, backend.journalPath(name));
  const folded = foldedSchema.safeParse(rest.at(-1));
  if (folded.success && folded.data.folded === digest(text))
    return { snapshot, recovered: false, exists: true };
  if (header.base !== digest(text)) {
    throw new UnderstudyError("A run broke off, and the state file was changed since by something else.", {
      code: "journal-mismatch",
      path: backend.journalPath(name),
      suggestion:
        "Compare the two by hand (each line of the journal is a change), then move the journal away.",
    });
  }
  const crypter = await crypterFor(header.salt);
  for (const entry of rest) {
    if (foldedSchema.safeParse(entry).success) continue;
    snapshot.apply(decodeChange(parseEntry(changeSchema, entry, backend.journalPath(name)), crypter));
  }
  return { snapshot, recovered: true, exists: true };
}

/** The state of a stack during a run that holds its lock: changes go to the journal at once and to the file at the end. */
export class StateSession {
  readonly snapshot: Snapshot;
  readonly #backend: Backend;
  readonly #name: StackName;
  readonly #crypter: Crypter;
  readonly #journal: Journal;

  private constructor(
    snapshot: Snapshot,
    place: { readonly backend: Backend; readonly name: StackName },
    crypter: Crypter,
    journal: Journal,
  ) {
    this.snapshot = snapshot;
    this.#backend = place.backend;
    this.#name = place.name;
    this.#crypter = crypter;
    this.#journal = journal;
  }

  /** Folds the journal of a broken-off run into the file first. */
  static async open(
    backend: Backend,
    name: StackName,
    crypter: Crypter,
    state: StoredState,
  ): Promise<StateSession> {
    await backend.prepare();
    const path = backend.journalPath(name);
    if (state.recovered || !state.exists) {
      const text = formatState(backend, name, crypter, state.snapshot);
      if (state.recovered) await amendJournal(path, { folded: digest(text) });
      await backend.write(name, text);
    }
    await removeJournal(path);
    const snapshot = new Snapshot(state.snapshot.resources(), state.snapshot.pending());
    const journal = await Journal.create(path);
    await journal.append({
      journal: 1,
      base: digest(await backend.read(name)),
      salt: crypter.salt,
      pid: process.pid,
    });
    return new StateSession(snapshot, { backend, name }, crypter, journal);
  }

  /** Changes the snapshot now; resolves when the change is on the disk. */
  commit(change: Change): Promise<void> {
    this.snapshot.apply(change);
    return this.#journal.append(encodeChange(change, this.#crypter));
  }

  /** Writes the state file anew and removes the journal. */
  async close(): Promise<void> {
    try {
      const text = formatState(this.#backend, this.#name, this.#crypter, this.snapshot);
      // Should the process die between the two files, this line tells that the journal is in the state already.
      await this.#journal.append({ folded: digest(text) });
      await this.#backend.write(this.#name, text);
    } finally {
      await this.#journal.close();
    }
    await removeJournal(this.#backend.journalPath(this.#name));
  }
}

/** The snapshot as a deployment, encrypted. */
export function deploymentOf(snapshot: Snapshot, crypter: Crypter): Deployment {
  return makeDeployment({
    time: new Date(),
    salt: crypter.salt,
    resources: snapshot.resources().map((state) => encodeResource(state, crypter)),
    pending: snapshot
      .pending()
      .map((operation) => ({ resource: encodeResource(operation.resource, crypter), type: operation.type })),
  });
}

/** The snapshot as the text of a state file. */
export function formatState(backend: Backend, name: StackName, crypter: Crypter, snapshot: Snapshot): string {
  return formatCheckpoint(backend.qualified(name), deploymentOf(snapshot, crypter));
}
