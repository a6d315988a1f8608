import { nameOf, readCatalogue } from "../catalogue.ts";
import { endSessions, setReadOnly } from "../fence.ts";
import type { Session } from "../session.ts";
import { join, name, raw, type Sql, sql } from "../sql.ts";
import { rowsOf } from "./copy.ts";
import type { Scope } from "./drift.ts";
import { quietDown } from "./quiet.ts";
import type { EndView, TargetView } from "./view.ts";
import { after } from "./window.ts";

/** Changes at an old primary that never reached the site which was promoted in its stead. */
export interface Lost {
  readonly table: string;
  readonly changes: number;
}

/** What an old primary has in its log beyond what the new one had applied when it was promoted. Exact once it is fenced. */
export async function lostChanges(target: Session, appliedThere: string): Promise<readonly Lost[]> {
  const [rows] = await target.run(
    sql`SELECT coalesce(t.relid::regclass::text, 'a dropped table'), count(*)
      FROM understudy.changes c LEFT JOIN understudy.tables t ON t.id = c.tab
      WHERE ${after(appliedThere)} GROUP BY 1 ORDER BY 1`,
  );
  return (rows ?? []).map((row) => ({ table: row[0] ?? "", changes: Number(row[1]) }));
}

/**
 * Makes a fenced old primary the standby of the site that was promoted in its stead. Both had the same data at that
 * moment, so it goes on from there without a copy.
 */
export async function turnAround(
  source: Session,
  target: Session,
  views: { readonly source: EndView; readonly target: TargetView },
  scope: Scope,
): Promise<void> {
  const { state } = views.source;
  if (state === undefined || state.promoted_at === null) return;
  const [shapes] = await source.run(
    sql`SELECT relid::bigint, tab, shape, filenode::bigint, columns FROM understudy.shapes`,
  );
  const here = new Map(views.target.catalogue.tables.map((table) => [nameOf(table), table.relid]));
  const names = new Map(views.source.catalogue.tables.map((table) => [String(table.relid), nameOf(table)]));
  const copied = (shapes ?? []).flatMap(([relid, ...rest]) => {
    const own = here.get(names.get(relid ?? "") ?? "");
    const [tab, shape, filenode, columns] = rest.map((cell) => cell ?? "0");
    if (own === undefined || tab === undefined || shape === undefined) return [];
    return [
      sql`INSERT INTO understudy.copied (relid, tab, shape, filenode, columns)
        VALUES (${own}, ${tab}, ${shape}, ${filenode ?? "0"}, ${columns ?? "{}"})`,
    ];
  });
  await quietDown(target, scope.exclude);
  await setReadOnly(target, false);
  await endSessions(target);
  const [, turned] = await target.run(
    sql`BEGIN`,
    sql`UPDATE understudy.state SET role = 'standby', epoch = greatest(epoch, ${state.epoch}) WHERE role = 'fenced' RETURNING 1`,
  );
  if (turned === undefined || turned.length === 0) {
    // Another process has done it.
    await target.run(sql`ROLLBACK`);
    return;
  }
  await target.run(
    sql`DELETE FROM understudy.progress`,
    sql`DELETE FROM understudy.copied`,
    // All of it has reached the other side; what comes after a later promotion starts anew.
    sql`TRUNCATE understudy.changes`,
    ...copied,
    sql`INSERT INTO understudy.progress (source, site, stage, snapshot, copied_at, complete)
      VALUES (${state.id}, ${source.site}, 'follow', ${state.promoted_at}, ${state.promoted_at}, true)`,
    sql`COMMIT`,
  );
}

/**
 * The statements that keep what a reseed is about to replace, in `understudy.lost`: each change, and the row as it stands.
 * They belong into the transaction that empties the log: without the log nobody could tell any more that there is a loss.
 */
export async function keepLost(target: Session, appliedThere: string): Promise<readonly Sql[]> {
  const { tables } = await readCatalogue(target, true);
  return tables.flatMap((table) => {
    if (table.logged === null) return [];
    const same = table.key.map((part, index) => {
      const equals = sql`OPERATOR(${name(part.operatorSchema)}.=)`;
      return sql`t.${name(part.name)} ${equals} c.key[${index + 1}]::${raw(part.type)}`;
    });
    return [
      sql`INSERT INTO understudy.lost (epoch, at, relation, op, key, row)
        SELECT (SELECT epoch FROM understudy.state), c.at, ${nameOf(table)}, c.op, c.key,
          (SELECT to_jsonb(t) FROM ${rowsOf(table)} AS t WHERE ${join(same, " AND ")})
        FROM understudy.changes c WHERE c.tab = ${table.logged.id} AND ${after(appliedThere)}`,
    ];
  });
}
