import { spawn } from "node:child_process";
import { mkdir, open, rm } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UnderstudyError } from "../base/errors.ts";
import { readTextIfExists, writeFileAtomic } from "../base/file.ts";
import { isJsonObject } from "../base/json.ts";
import { readJsonIfExists } from "./json-file.ts";
import { layout, type PartName } from "./layout.ts";
import { isAlive, type ProcessRecord, recordOf, signalGroup } from "./runtime/process-identity.ts";

const startLimitMs = 60_000;
const pollMs = 10;

const recordSchema = z.object({
  pid: z.number(),
  ticks: z.string().optional(),
  startedAt: z.number(),
});

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), suggestion: z.string().optional() }),
});

/** The sources run as they are, a published package as JavaScript: its parts have the same ending as this file. */
function scriptOf(part: PartName): string {
  const ending = extname(fileURLToPath(import.meta.url));
  return fileURLToPath(
    new URL(part === "dns" ? `./dns/process${ending}` : `./provider${ending}`, import.meta.url),
  );
}

/** The first line that a part prints says that it answers, or what kept it from that. */
function firstLine(output: NodeJS.ReadableStream, limitMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: output });
    const timer = setTimeout(() => lines.close(), limitMs);
    lines.once("line", (line) => {
      resolve(line);
      lines.close();
    });
    lines.once("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}

/** What a line of JSON holds; undefined for any other line. */
function parsed(line: string | undefined): unknown {
  try {
    return line === undefined ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function notStarted(folder: string, part: PartName, answer: unknown): Promise<UnderstudyError> {
  const said = errorSchema.safeParse(answer).data?.error;
  if (said !== undefined) {
    const { code, message, suggestion } = said;
    return new UnderstudyError(`The local ${part} did not start: ${message}`, {
      code,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  const log = ((await readTextIfExists(layout.log(folder, part))) ?? "")
    .trimEnd()
    .split("\n")
    .slice(-10)
    .join("\n");
  return new UnderstudyError(`The local ${part} did not start. It said:\n${log}`, {
    code: "local-start-failed",
    path: layout.log(folder, part),
  });
}

/** A process as a file of ours has it, or undefined when there is no such file. */
export async function readRecord(path: string): Promise<ProcessRecord | undefined> {
  const value = await readJsonIfExists(path);
  if (value === undefined) return undefined;
  const { pid, ticks, startedAt } = recordSchema.parse(value);
  return { pid, ticks, startedAt };
}

/** A part's process as it was written down, if it still runs. */
export async function runningProcess(folder: string, part: PartName): Promise<ProcessRecord | undefined> {
  const record = await readRecord(layout.process(folder, part));
  return record !== undefined && (await isAlive(record)) ? record : undefined;
}

/** Starts a part as a process that outlives this one, and gives its id once it answers. Throws what the part says kept it from that. */
export async function launch(folder: string, part: PartName): Promise<number> {
  const log = layout.log(folder, part);
  await mkdir(dirname(log), { recursive: true });
  const errors = await open(log, "a", 0o600);
  try {
    const args = ["--disable-warning=ExperimentalWarning", scriptOf(part), layout.config(folder, part)];
    const child = spawn(process.execPath, args, {
      cwd: layout.part(folder, part),
      detached: true,
      stdio: ["ignore", "pipe", errors.fd],
    });
    const { pid, stdout } = child;
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    failed.catch(() => {});
    if (pid === undefined || stdout === null) return await failed;
    await writeFileAtomic(layout.process(folder, part), JSON.stringify(recordOf(pid)), { mode: 0o600 });
    const answer = parsed(await firstLine(stdout, startLimitMs));
    stdout.destroy();
    child.unref();
    if (isJsonObject(answer) && !("error" in answer)) return pid;
    signalGroup(pid, "SIGKILL");
    throw await notStarted(folder, part, answer);
  } finally {
    await errors.close();
  }
}

/** Waits until a process has ended; false when it hasn't within the time. */
export async function hasEnded(record: ProcessRecord, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (await isAlive(record)) {
    if (performance.now() > end) return false;
    await delay(pollMs);
  }
  return true;
}

/** Forgets a part's process, once it has ended. */
export async function forgetProcess(folder: string, part: PartName): Promise<void> {
  await rm(layout.process(folder, part), { force: true });
}
