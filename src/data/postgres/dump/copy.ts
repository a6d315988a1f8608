import { writeFile } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { run } from "../../../base/run.ts";
import { libpqEnv } from "../address.ts";
import { nameOf, readCatalogue } from "../catalogue.ts";
import type { Ends } from "../pool.ts";
import type { Progress } from "../progress.ts";
import type { Session } from "../session.ts";
import { sql } from "../sql.ts";
import type { SiteState } from "../state.ts";
import { selectSequences } from "../trigger/window.ts";
import { carryExtensions, dropAllStatements } from "./carry.ts";
import { withDump } from "./tools.ts";

/** How many rows were ever written, as the server counts: two such figures tell how many in between. */
export async function countWrites(source: Session): Promise<number> {
  return Number(
    await source.cell(sql`SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
      WHERE schemaname <> 'understudy'`),
  );
}

/**
 * Replaces all that the target's app has by the source's as of now, in one transaction: readers there see the old state or
 * the new one. Its progress is in the same transaction, and a target that is no standby any more stays as it is.
 */
export async function copyByDump(
  ends: Ends,
  from: { readonly state: SiteState; readonly progress: Progress },
  options: { readonly exclude: readonly string[]; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { state, progress } = from;
  const readAt = new Date().toISOString();
  const writes = await countWrites(ends.source);
  const [position, sequences] = await ends.source.run(sql`SELECT pg_current_snapshot()`, selectSequences);
  await carryExtensions(ends.source, ends.target);
  const sections = ["pre-data", "data", "post-data"] as const;
  const { tables } = await readCatalogue(ends.source, true);
  const excludeTables = tables.filter((table) => options.exclude.includes(nameOf(table)));
  const dump = { sections, excludeTables, signal: options.signal };
  await withDump(ends.source, dump, async (scripts, folder) => {
    const drops = await dropAllStatements(ends.target, options.exclude);
    const claim = sql`SELECT understudy.claim(${state.id}, ${progress.turn})`;
    const save = sql`UPDATE understudy.progress SET turn = turn + 1, snapshot = ${position?.[0]?.[0] ?? null}, complete = true,
      read_at = ${readAt}, sequences = ${sequences?.[0]?.[0] ?? "{}"}, sequences_final = ${state.role === "fenced"},
      writes = ${writes} WHERE source = ${state.id}`;
    const first = joinPath(folder, "first.sql");
    const last = joinPath(folder, "last.sql");
    await writeFile(first, [claim, ...drops].map((statement) => `${statement.text};\n`).join(""));
    await writeFile(last, `${save.text};\n`);
    await restore(ends.target, [first, ...sections.map((section) => scripts[section]), last], options.signal);
  });
}

/** psql's own: the connection went bad. */
const connectionLost = 2;

/** Lock timeouts, deadlocks, our own claim: the same may succeed later. */
const passing = /^(55P03|40P01|UN001|UN002)$/;

async function restore(
  target: Session,
  files: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const set = ["ON_ERROR_STOP=1", "VERBOSITY=verbose"].map((item) => `--set=${item}`);
  const flags = [
    "--no-psqlrc",
    "--quiet",
    "--no-password",
    "--single-transaction",
    "--output=/dev/null",
    ...set,
  ];
  const { exitCode, stderr } = await run("psql", [...flags, ...files.map((file) => `--file=${file}`)], {
    env: libpqEnv(target.address),
    allowFailure: true,
    ...(signal === undefined ? {} : { signal }),
  });
  if (exitCode === 0) return;
  const failure = /ERROR: +([0-9A-Z]{5}): *(.*)/.exec(stderr);
  const text = `The dump could not be restored at ${target.site}: ${failure?.[2] ?? stderr.trim().split("\n").at(-1) ?? ""}`;
  const options = {
    code: "restore-failed",
    suggestion: `Nothing was changed at ${target.site}. Mend what stands in the way there, and try again.`,
  };
  throw exitCode === connectionLost || passing.test(failure?.[1] ?? "")
    ? new RetryableError(text, options)
    : new UnderstudyError(text, options);
}
