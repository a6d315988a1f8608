import { type FileHandle, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { RefusedError, UnderstudyError } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { Ledger } from "../traffic/contract.ts";

/** `graceful`: both sides answer. `ungraceful`: the old one doesn't, and what it held alone is lost. */
export type Mode = "graceful" | "ungraceful";

/** What `by` in the ledger begins with while a run holds the zone: another operator must not begin one now. */
export const claimMark = "claim:";

/** What a run was told to do, fixed at its start. */
export interface Plan {
  readonly run: string;
  readonly mode: Mode;
  readonly from: string;
  readonly to: string;
  /** The ledger as it was found. */
  readonly found: Ledger;
  /** The epoch under which the new side is active: the last of those that the run takes, one for each change of the zone. */
  readonly epoch: number;
  /** Time to live of the records as they were found, seconds. */
  readonly foundTtlSeconds: number;
  /** Most acknowledged changes that may be lost, as stated before the run; 0 when both sides answered. */
  readonly declaredLoss: number;
}

/**
 * `already`: found done. `unreachable`: could not be asked, and the run may go on without. `undone`: taken back after a
 * later step failed.
 */
export type Outcome = "done" | "already" | "unreachable" | "failed" | "undone";

/** One line of a journal. `at` is milliseconds since 1970. */
export type Entry =
  | { readonly type: "start"; readonly at: number; readonly plan: Plan }
  | {
      readonly type: "intent";
      readonly at: number;
      readonly step: string;
      /** What the step does, for a person. */
      readonly title: string;
    }
  | {
      readonly type: "result";
      readonly at: number;
      readonly step: string;
      readonly outcome: Outcome;
      /** For a person. */
      readonly detail: string;
      /** What later steps need of it. */
      readonly data?: JsonObject;
    }
  | { readonly type: "end"; readonly at: number; readonly outcome: "done" | "rolled-back" | "abandoned" };

/** What was intended and what came of it: one JSON line each, on disk before the run goes on. */
export interface Journal {
  readonly path: string;
  readonly entries: readonly Entry[];
  append(entry: Entry): Promise<void>;
  /** Gives the lock back; the file stays. */
  close(): Promise<void>;
}

const lockName = "lock";

function parseEntries(text: string, path: string): Entry[] {
  const lines = text.split("\n");
  // A line cut off by a crash was never acted upon: the write comes before the act.
  const whole = lines.slice(0, -1);
  return whole.map((line, index) => {
    try {
      return JSON.parse(line) as Entry;
    } catch (error) {
      throw new UnderstudyError(`Line ${index + 1} is not a journal entry.`, {
        code: "journal-damaged",
        path,
        cause: error,
        suggestion: "Move the file away after looking at what the run did; then start a new one.",
      });
    }
  });
}

/** Whether a process of this machine is alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** One run at a time in a folder of journals; a lock whose process is gone is taken over. */
async function lock(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, lockName);
  for (;;) {
    try {
      const file = await open(path, "wx");
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(path, "utf8").catch(() => "0"));
    if (holder > 0 && isAlive(holder)) {
      throw new RefusedError(`Another run is under way, in process ${holder}.`, {
        code: "run-under-way",
        rule: "one-run-at-a-time",
        path,
        suggestion: "Wait for it, or end that process; a run that was ended goes on with --resume.",
      });
    }
    await rm(path, { force: true });
  }
}

/** The newest run that has not ended, if there is one. */
export async function unfinishedRun(folder: string): Promise<Plan | undefined> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names
    .filter((item) => item.endsWith(".jsonl"))
    .sort()
    .reverse()) {
    const path = join(folder, name);
    const entries = parseEntries(await readFile(path, "utf8"), path);
    const start = entries.find((entry) => entry.type === "start");
    if (start !== undefined && !entries.some((entry) => entry.type === "end")) return start.plan;
  }
  return undefined;
}

/** Opens the journal of a run, new or unfinished, and takes the folder's lock. */
export async function openJournal(folder: string, run: string): Promise<Journal> {
  const unlock = await lock(folder);
  const path = join(folder, `${run}.jsonl`);
  let file: FileHandle;
  const entries: Entry[] = [];
  try {
    file = await open(path, "a+");
    const text = await file.readFile("utf8");
    entries.push(...parseEntries(text, path));
    const whole = text.lastIndexOf("\n") + 1;
    if (whole < text.length) await file.truncate(Buffer.byteLength(text.slice(0, whole)));
  } catch (error) {
    await unlock();
    throw error;
  }
  return {
    path,
    entries,
    async append(entry) {
      await file.appendFile(`${JSON.stringify(entry)}\n`);
      await file.datasync();
      entries.push(entry);
    },
    async close() {
      await file.close();
      await unlock();
    },
  };
}
