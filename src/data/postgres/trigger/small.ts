import type { Ends } from "../pool.ts";
import type { Progress } from "../progress.ts";
import { type Sql, sql } from "../sql.ts";
import { applyStatements, isCollision, type TableChange } from "./apply.ts";
import { commit } from "./commit.ts";
import { checkNotRewritten, type Item, selectGone, selectNotRewritten, selectRows } from "./window.ts";

/** How much a window may hold to be carried in one message each way; larger ones are streamed. */
const limit = { changes: 2_000, bytes: 16_000_000 } as const;

export function isSmall(items: readonly Item[]): boolean {
  const sum = (of: (item: Item) => number) => items.reduce((total, item) => total + of(item), 0);
  const changes = sum(({ touched }) => touched.changes);
  const bytes = sum(({ touched, pair }) => touched.changes * pair.source.rowBytes);
  return changes <= limit.changes && bytes <= limit.bytes;
}

/** The present state of what was touched, in the source's open transaction, which it ends. */
async function readChanges(
  ends: Ends,
  since: string,
  items: readonly Item[],
): Promise<readonly TableChange[]> {
  const queries = items.flatMap(({ pair, touched }) => [
    selectGone(pair.source, touched.tab, since),
    selectRows(pair.source, touched.tab, since),
  ]);
  // By the keys' index, whatever the planner thinks of a log whose statistics are always out of date.
  const plan = ["seqscan", "hashjoin", "mergejoin"].map(
    (way) => sql`SELECT set_config(${`enable_${way}`}, 'off', true)`,
  );
  const results = await ends.source.run(
    ...plan,
    ...queries,
    selectNotRewritten(items.map((item) => item.pair.source)),
    sql`COMMIT`,
  );
  const found = results.slice(plan.length);
  checkNotRewritten(found[queries.length], ends.source.site);
  return items.map(({ pair, touched }, index) => ({
    pair,
    truncated: touched.truncated,
    gone: found[index * 2] ?? [],
    rows: found[index * 2 + 1] ?? [],
  }));
}

/** Carries a small window: two messages to the source (one has been sent already), one to the target. */
export async function applySmall(
  ends: Ends,
  from: Progress,
  to: Progress,
  items: readonly Item[],
  also: readonly Sql[],
): Promise<void> {
  const changes = await readChanges(ends, from.snapshot ?? "", items);
  try {
    await commit(ends, from, to, [...applyStatements(changes, "upsert"), ...also]);
  } catch (error) {
    if (!isCollision(error)) throw error;
    await commit(ends, from, to, [...applyStatements(changes, "replace"), ...also]);
  }
}
