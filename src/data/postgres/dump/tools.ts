import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { type RunOptions, run } from "../../../base/run.ts";
import { libpqEnv } from "../address.ts";
import type { Table } from "../catalogue.ts";
import { BusyError, type Session } from "../session.ts";
import { name, sql } from "../sql.ts";

/** Entries of a dump that a plain owner can't restore, or that are ours. */
const leftOut =
  /^\d+; \d+ \d+ (EXTENSION|EVENT TRIGGER|PUBLICATION|PUBLICATION TABLE|SUBSCRIPTION|ACL|DEFAULT ACL|SCHEMA - public|COMMENT - (EXTENSION|SCHEMA)|TRIGGER \S+ \S+ understudy_\w+|\S.* \S+ understudy) /;

export type Section = "pre-data" | "data" | "post-data";

async function checkVersion(session: Session): Promise<void> {
  const { stdout } = await run("pg_dump", ["--version"]).catch((error: unknown) => {
    if (error instanceof UnderstudyError && error.code === "command-missing") {
      throw new UnderstudyError("There is no pg_dump on this machine; it is what carries the schema.", {
        code: "pg-dump-missing",
        cause: error,
        suggestion: "Install PostgreSQL's client tools, of the server's version or newer.",
      });
    }
    throw error;
  });
  const client = Number(/ (\d+)/.exec(stdout)?.[1] ?? "0");
  const server = Math.floor(
    Number(await session.cell(sql`SELECT current_setting('server_version_num')`)) / 10_000,
  );
  if (client >= server) return;
  throw new UnderstudyError(
    `pg_dump here is of version ${client}, the server of ${session.site} of ${server}.`,
    {
      code: "pg-dump-too-old",
      suggestion: `Install PostgreSQL's client tools of version ${server} or newer and put them first on PATH.`,
    },
  );
}

export interface DumpOptions {
  readonly sections: readonly Section[];
  readonly excludeTables?: readonly Pick<Table, "schema" | "name">[];
  /** Entries of the dump's list to leave out, besides those that can't be restored. */
  readonly leaveOut?: RegExp;
  readonly signal?: AbortSignal | undefined;
}

/** Dumps a database and gives `work` a script of each section; the files are gone after that. */
export async function withDump<T>(
  session: Session,
  options: DumpOptions,
  work: (scripts: Readonly<Record<Section, string>>, folder: string) => Promise<T>,
): Promise<T> {
  await checkVersion(session);
  const folder = await mkdtemp(join(tmpdir(), "understudy-dump-"));
  const limits = {
    env: libpqEnv(session.address),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const shared = [
    "--no-owner",
    "--no-privileges",
    ...options.sections.map((section) => `--section=${section}`),
  ];
  const exclude = (options.excludeTables ?? []).map(
    (table) => `--exclude-table=${name(table.schema, table.name).text}`,
  );
  const dump = join(folder, "dump");
  try {
    await dumpInto(
      [`--file=${dump}`, ...shared, "--exclude-schema=understudy", ...exclude],
      limits,
      session.site,
    );
    const { stdout } = await run("pg_restore", ["--list", dump], limits);
    const kept = stdout
      .split("\n")
      .filter((line) => !leftOut.test(line) && options.leaveOut?.test(line) !== true);
    const list = join(folder, "list");
    await writeFile(list, kept.join("\n"));
    const scripts: Record<Section, string> = { "pre-data": "", data: "", "post-data": "" };
    for (const section of options.sections) {
      scripts[section] = join(folder, `${section}.sql`);
      const file = `--file=${scripts[section]}`;
      await run(
        "pg_restore",
        ["--no-owner", "--no-privileges", `--section=${section}`, `--use-list=${list}`, file, dump],
        limits,
      );
      await blankUnknown(scripts[section]);
    }
    return await work(scripts, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How pg_dump says that a lock was not free in time (it limits the statement that takes it), or that it gave way. */
const wasBusy = /canceling statement due to|deadlock detected/;

async function dumpInto(args: readonly string[], limits: RunOptions, site: string): Promise<void> {
  try {
    // Gives way before Postgres would look for a deadlock with the app.
    await run("pg_dump", ["--format=custom", "--lock-wait-timeout=800", ...args], limits);
  } catch (error) {
    if (!(error instanceof UnderstudyError) || error.code !== "command-failed") throw error;
    const text = `The database of ${site} could not be dumped: ${error.message}`;
    const Kind = wasBusy.test(error.message) ? BusyError : RetryableError;
    throw new Kind(text, { code: "dump-failed", cause: error });
  }
}

/** Takes a setting that servers before 17 don't know out of a script's head, in place: the rest may be of any size. */
async function blankUnknown(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, 0);
    const setting = "SET transaction_timeout = 0;";
    const at = buffer.subarray(0, bytesRead).indexOf(setting);
    if (at >= 0) await file.write(" ".repeat(setting.length), at);
  } finally {
    await file.close();
  }
}

/** The statements of a script without data, free of psql's own commands. */
export async function readScript(path: string): Promise<string> {
  return (await readFile(path, "utf8")).replaceAll(/^\\(un)?restrict .*$/gm, "");
}
