import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UnderstudyError } from "../../base/errors.ts";
import { run } from "../../base/run.ts";
import { libpqEnv } from "./address.ts";
import type { Session } from "./session.ts";
import { sql } from "./sql.ts";

/** Entries of a dump that a plain owner can't restore, or that are made otherwise: foreign keys come back at a promotion. */
const leftOut =
  /^\d+; \d+ \d+ (FK CONSTRAINT|EXTENSION|EVENT TRIGGER|PUBLICATION|PUBLICATION TABLE|SUBSCRIPTION|ACL|DEFAULT ACL|SCHEMA - public|COMMENT - (EXTENSION|SCHEMA)|TRIGGER \S+ \S+ understudy_\w+|\S.* \S+ understudy) /;

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
  const server = Math.floor(Number(await session.cell(sql`SELECT current_setting('server_version_num')`)) / 10_000);
  if (client >= server) return;
  throw new UnderstudyError(`pg_dump here is of version ${client}, the server of ${session.site} of ${server}.`, {
    code: "pg-dump-too-old",
    suggestion: `Install PostgreSQL's client tools of version ${server} or newer and put them first on PATH.`,
  });
}

/** A dump in a temporary folder, removed after `work`. */
export async function withDump<T>(
  session: Session,
  options: {
    readonly sections: readonly Section[];
    readonly excludeTables?: readonly string[];
    readonly signal?: AbortSignal | undefined;
  },
  work: (script: (section: Section) => Promise<string>) => Promise<T>,
): Promise<T> {
  await checkVersion(session);
  const folder = await mkdtemp(join(tmpdir(), "understudy-dump-"));
  const limits = { env: libpqEnv(session.address), ...(options.signal === undefined ? {} : { signal: options.signal }) };
  const dump = join(folder, "dump");
  try {
    await run(
      "pg_dump",
      [
        "--format=custom",
        `--file=${dump}`,
        "--no-owner",
        "--no-privileges",
        "--exclude-schema=understudy",
        ...options.sections.map((section) => `--section=${section}`),
        ...(options.excludeTables ?? []).map((table) => `--exclude-table=${table}`),
      ],
      limits,
    );
    return await work(async (section) => {
      const list = join(folder, "list");
      const script = join(folder, "script.sql");
      const { stdout } = await run("pg_restore", ["--list", `--section=${section}`, dump], limits);
      await writeFile(list, stdout.split("\n").filter((line) => !leftOut.test(line)).join("\n"));
      await run(
        "pg_restore",
        ["--no-owner", "--no-privileges", `--section=${section}`, `--use-list=${list}`, `--file=${script}`, dump],
        limits,
      );
      return script;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The statements of a script without data, free of what is psql's own or unknown to older servers. */
export async function readScript(path: string): Promise<string> {
  const text = await readFile(path, "utf8");
  return text.replaceAll(/^(\\(un)?restrict .*|SET transaction_timeout = .*)$/gm, "");
}
