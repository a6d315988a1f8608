import { RefusedError, UnderstudyError } from "../../../base/errors.ts";
import { nameOf, type Table } from "../catalogue.ts";
import { dropAllStatements } from "../dump/carry.ts";
import { endSessions, setReadOnly } from "../fence.ts";
import type { Ends } from "../pool.ts";
import { type Progress, readProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { join, type Sql, sql } from "../sql.ts";
import type { SiteState } from "../state.ts";
import { rowsOf } from "./copy.ts";
import { carried, drift, isExcluded, type Scope } from "./drift.ts";
import { quietDown } from "./quiet.ts";
import type { EndView, TargetView } from "./view.ts";

export interface SeedOptions {
  readonly scope: Scope;
  readonly reseed: boolean;
  /** Told when the target has been made ready for new data, and what it had is gone. */
  readonly onSeeded: () => void;
}

interface Seed {
  /** Of the source. */
  readonly state: SiteState;
  readonly from: EndView;
  readonly to: TargetView;
  /** What of the target's own changes is kept, as statements. */
  readonly keep: readonly Sql[];
}

/** Makes the target an empty standby (or one whose tables are as the source's) and notes that it follows from here. */
export async function seed(ends: Ends, what: Seed, options: SeedOptions): Promise<Progress> {
  const { source, target } = ends;
  const { from: here, to: there } = what;
  const { scope } = options;
  const tables = there.catalogue.tables.filter((table) => !isExcluded(table, scope));
  const notes = drift(here.catalogue, there.catalogue, scope, { source: source.site, target: target.site });
  if (!options.reseed) await refuseFilled(target, carried(there.catalogue, scope));
  await target.runLong(
    sql`BEGIN`,
    ...what.keep,
    sql`DELETE FROM understudy.progress`,
    sql`DELETE FROM understudy.copied`,
    sql`TRUNCATE understudy.changes`,
    sql`UPDATE understudy.state SET role = 'standby', epoch = greatest(epoch, ${what.state.epoch})`,
    sql`SELECT setval('understudy.gate', 0)`,
    sql`COMMIT`,
  );
  await setReadOnly(target, false);
  let stage: Progress["stage"] = "follow";
  if (tables.length === 0 || (options.reseed && notes.length > 0)) {
    if (tables.length > 0) {
      const drops = await dropAllStatements(target, scope.exclude);
      await target.runLong(sql`BEGIN`, ...drops, sql`DELETE FROM understudy.quieted`, sql`COMMIT`);
    }
    stage = "schema";
  } else if (notes.length > 0) {
    throw new RefusedError(`${target.site} has tables already, and they differ: ${notes.join("; ")}.`, {
      code: "target-differs",
      rule: "never-mend-a-schema-by-guess",
      suggestion: "Bring both to the same migration, or pass --reseed to replace all that is at the target.",
    });
  } else {
    await quietDown(target, scope.exclude);
    const leaves = tables.filter((table) => table.kind === "r" && table.key.length > 0);
    if (leaves.length > 0) await target.runLong(sql`TRUNCATE ${join(leaves.map(rowsOf))}`);
  }
  await endSessions(target);
  await target.run(
    sql`INSERT INTO understudy.progress (source, site, stage) VALUES (${what.state.id}, ${source.site}, ${stage})`,
  );
  options.onSeeded();
  const progress = await readProgress(target, what.state.id);
  if (progress === undefined) throw new UnderstudyError("The progress is gone.", { code: "no-state" });
  return progress;
}

async function refuseFilled(target: Session, tables: readonly Table[]): Promise<void> {
  if (tables.length === 0) return;
  const filled = tables.map(
    (table) => sql`SELECT ${nameOf(table)} WHERE EXISTS (SELECT FROM ${rowsOf(table)})`,
  );
  const [rows] = await target.run(join(filled, " UNION ALL "));
  if (rows === undefined || rows.length === 0) return;
  const names = rows.map((row) => row[0]).join(", ");
  throw new RefusedError(`The database of ${target.site} has rows already, in ${names}.`, {
    code: "target-not-empty",
    rule: "never-overwrite-unasked",
    suggestion: "Pass --reseed if they may be replaced by the source's.",
  });
}
