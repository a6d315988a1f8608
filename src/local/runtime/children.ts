import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { readTextIfExists } from "../../base/file.ts";
import {
  descendantsOf,
  isAlive,
  type ProcessRecord,
  recordOf,
  signalGroup,
  signalOne,
} from "./process-identity.ts";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>;
  /** User and group to run as. @default our own */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Keeps the child's standard input open, to be written to. @default false */
  readonly withInput?: boolean;
}

interface ChildExit {
  /** Null = ended by a signal, or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not be started. */
  readonly error?: Error;
}

/** A process that leads a group of its own. */
export interface Child {
  readonly pid: number | undefined;
  readonly stdin: ChildProcess["stdin"];
  readonly stdout: ChildProcess["stdout"];
  readonly stderr: ChildProcess["stderr"];
  /** Settles when it has ended; whatever it left behind in its group is ended then, too. */
  readonly exited: Promise<ChildExit>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to the group, SIGKILL once the grace is over; settles when it has ended. */
  stop(graceMs: number): Promise<ChildExit>;
}

/** Starts children and writes each down, so that a later process can end what a killed one left. */
export interface Children {
  spawn(options: ChildOptions): Child;
  /** Ends at once all that still run; settles when they have ended. */
  end(): Promise<void>;
}

const ledgerName = "processes.jsonl";
/** Longest wait for killed processes, milliseconds: one that hangs in the kernel must not hold up the rest. */
const endLimitMs = 5_000;

async function waitForEnd(records: readonly ProcessRecord[]): Promise<void> {
  const end = performance.now() + endLimitMs;
  for (const record of records) {
    while ((await isAlive(record)) && performance.now() < end) await delay(10);
  }
}

/** Ends every process that an earlier user of this folder started and that still runs, and settles when they have ended. */
export async function endOrphans(folder: string): Promise<void> {
  const path = join(folder, ledgerName);
  const text = (await readTextIfExists(path)) ?? "";
  const running = new Map<number, ProcessRecord>();
  for (const line of text.split("\n")) {
    const entry = parseEntry(line);
    if (entry === undefined) continue;
    if ("ended" in entry) running.delete(entry.ended);
    else running.set(entry.pid, entry);
  }
  const alive: ProcessRecord[] = [];
  for (const record of running.values()) if (await isAlive(record)) alive.push(record);
  // Some (PostgreSQL's) leave their parent's group: they are found while they still are its descendants.
  const offspring = await descendantsOf(alive.map(({ pid }) => pid));
  for (const { pid } of alive) signalGroup(pid, "SIGKILL");
  for (const { pid } of offspring) signalOne(pid, "SIGKILL");
  await waitForEnd([...alive, ...offspring]);
  await rm(path, { force: true });
}

type LedgerEntry = ProcessRecord | { readonly ended: number };

/** The last line may be torn by the death of its writer: it is left out. */
function parseEntry(line: string): LedgerEntry | undefined {
  if (line === "") return undefined;
  try {
    return JSON.parse(line) as LedgerEntry;
  } catch {
    return undefined;
  }
}

export function createChildren(folder: string): Children {
  const path = join(folder, ledgerName);
  // Synchronous, so that there is no moment at which a child runs that isn't written down.
  const note = (entry: LedgerEntry): void =>
    appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
  const living = new Set<Child>();
  return {
    spawn: (options) => {
      const child = spawnChild(options, note);
      living.add(child);
      void child.exited.then(() => living.delete(child));
      return child;
    },
    end: async () => {
      await Promise.all([...living].map((child) => child.stop(0)));
    },
  };
}

function spawnChild(options: ChildOptions, note: (entry: LedgerEntry) => void): Child {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: [options.withInput === true ? "pipe" : "ignore", "pipe", "pipe"],
    ...(options.user ?? {}),
  });
  const { pid } = child;
  if (pid !== undefined) note(recordOf(pid));
  const exited = new Promise<ChildExit>((resolve) => {
    child.once("error", (error) => {
      if (pid === undefined) resolve({ exitCode: null, signal: null, error });
    });
    child.once("exit", (exitCode, signal) => {
      if (pid !== undefined) {
        signalGroup(pid, "SIGKILL");
        note({ ended: pid });
      }
      resolve({ exitCode, signal });
    });
  });
  const signal = (name: NodeJS.Signals): void => {
    if (pid !== undefined && child.exitCode === null && child.signalCode === null) signalGroup(pid, name);
  };
  return {
    pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    signal,
    stop: async (graceMs) => {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
