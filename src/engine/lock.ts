import { randomUUID } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";

/** As the CLI writes it (pkg/backend/diy/lock.go), so that each engine keeps the other out. */
const lockSchema = z.looseObject({
  pid: z.number(),
  username: z.string(),
  hostname: z.string(),
  timestamp: z.string(),
});

type LockContent = z.output<typeof lockSchema>;

interface FoundLock {
  readonly path: string;
  /** Undefined for a file that is not (or not yet) whole. */
  readonly content: LockContent | undefined;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}

async function locksIn(folder: string): Promise<readonly FoundLock[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const files = names.filter((name) => name.endsWith(".json")).map((name) => join(folder, name));
  const locks = await Promise.all(
    files.map(async (path): Promise<FoundLock | undefined> => {
      const text = await readTextIfExists(path);
      if (text === undefined) return undefined;
      try {
        return { path, content: lockSchema.parse(JSON.parse(text)) };
      } catch {
        return { path, content: undefined };
      }
    }),
  );
  return locks.filter((lock) => lock !== undefined);
}

/** When a process of this host started, milliseconds since 1970; undefined where /proc doesn't tell. */
async function startOf(pid: number): Promise<number | undefined> {
  try {
    const [processStat, systemStat] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/stat", "utf8"),
    ]);
    // Field 22, counted after the name in parentheses, in ticks of 1/100 s since boot (proc(5)).
    const ticks = Number(processStat.slice(processStat.lastIndexOf(")") + 2).split(" ")[19]);
    const boot = Number(/^btime (\d+)$/m.exec(systemStat)?.[1]);
    const start = boot * 1000 + ticks * 10;
    return Number.isFinite(start) ? start : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process that took a lock is certainly gone: it ran on this host, and its pid is free or was given anew. */
async function isStale(lock: LockContent): Promise<boolean> {
  if (lock.hostname !== hostname()) return false;
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  const start = await startOf(lock.pid);
  const taken = Date.parse(lock.timestamp);
  // The clock of /proc is coarse: a process younger than the lock by less than this may still be the one.
  return start !== undefined && start > taken + 2000;
}

function lockedError(folder: string, { path, content }: FoundLock): UnderstudyError {
  const by =
    content === undefined
      ? "by an unreadable lock file"
      : `by ${content.username}@${content.hostname} (pid ${content.pid}) since ${content.timestamp}`;
  return new UnderstudyError(`Another run holds this stack: locked ${by}.`, {
    code: "stack-locked",
    path: content === undefined ? path : folder,
    suggestion: "Wait for it to end. If it is certainly gone, run `understudy stack unlock STACK`.",
  });
}

/** A stack held for one run. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the stack's lock. Locks of dead processes of this host are removed, each told to `onStale`. Throws `stack-locked`.
 * As the CLI does: look, write, look again; two that come at once both step back.
 */
export async function takeLock(folder: string, onStale: (message: string) => void): Promise<Lock> {
  for (const lock of await locksIn(folder)) {
    if (lock.content === undefined || !(await isStale(lock.content))) throw lockedError(folder, lock);
    await rm(lock.path, { force: true });
    onStale(`Took over the lock of process ${lock.content.pid}, which is gone.`);
  }
  const path = join(folder, `${randomUUID()}.json`);
  const content: LockContent = {
    pid: process.pid,
    username: userName(),
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  await writeFileAtomic(path, JSON.stringify(content));
  const release = async (): Promise<void> => rm(path, { force: true });
  const other = (await locksIn(folder)).find((lock) => lock.path !== path);
  if (other !== undefined) {
    await release();
    throw lockedError(folder, other);
  }
  return { release };
}

/** Removes every lock of a stack, whoever holds it; gives how many there were. */
export async function breakLocks(folder: string): Promise<number> {
  const locks = await locksIn(folder);
  for (const lock of locks) await rm(lock.path, { force: true });
  return locks.length;
}
