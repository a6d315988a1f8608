import type { Ends } from "../pool.ts";
import type { Rows, Session } from "../session.ts";
import { type Sql, sql } from "../sql.ts";
import { type ApplyMode, deleteKeys, insertRows, isCollision, keysOf, modeFor, truncate } from "./apply.ts";
import { checkNotRewritten, type Item, selectGone, selectNotRewritten, selectRows } from "./window.ts";

/** About how much of a window is held in memory at a time. */
const batchBytes = 8_000_000;

/** The result of a query in the source's open transaction, batch by batch; the next one is on its way meanwhile. */
async function* batches(source: Session, query: Sql, rows: number): AsyncGenerator<Rows> {
  await source.runLong(sql`DECLARE batch NO SCROLL CURSOR FOR ${query}`);
  const fetch = (): Promise<readonly Rows[]> => {
    const coming = source.runLong(sql`FETCH ${rows} FROM batch`);
    // Awaited below, unless the one before it could not be used.
    coming.catch(() => {});
    return coming;
  };
  for (let coming: Promise<readonly Rows[]> | undefined = fetch(); coming !== undefined; ) {
    const [batch = []]: readonly Rows[] = await coming;
    coming = batch.length < rows ? undefined : fetch();
    if (batch.length > 0) yield batch;
  }
  await source.run(sql`CLOSE batch`);
}

function batchRows(item: Item): number {
  return Math.max(10, Math.min(5_000, Math.floor(batchBytes / Math.max(1, item.pair.source.rowBytes))));
}

/**
 * Carries a window that is too large to hold, in one transaction at the target all the same: the target never shows a part
 * of it, and stays promotable as of the window before. The source's transaction is open and is ended here.
 */
export async function applyLarge(
  ends: Ends,
  since: string,
  items: readonly Item[],
  frame: { readonly begin: readonly Sql[]; readonly end: Sql },
): Promise<void> {
  const { source, target } = ends;
  try {
    await apply(ends, since, items, frame.begin, "upsert");
  } catch (error) {
    if (!isCollision(error)) throw error;
    await target.run(sql`ROLLBACK`);
    await source.run(sql`CLOSE ALL`);
    await apply(ends, since, items, frame.begin, "replace");
  }
  const [rewritten] = await source.run(
    selectNotRewritten(items.map((item) => item.pair.source)),
    sql`COMMIT`,
  );
  checkNotRewritten(rewritten, source.site);
  await target.runLong(frame.end, sql`COMMIT`);
}

async function apply(
  ends: Ends,
  since: string,
  items: readonly Item[],
  begin: readonly Sql[],
  mode: ApplyMode,
): Promise<void> {
  const { source, target } = ends;
  await target.run(sql`BEGIN`, ...begin);
  for (const { pair, touched } of items) if (touched.truncated) await target.run(truncate(pair));
  for (const item of items) {
    const { pair, touched } = item;
    for await (const gone of batches(source, selectGone(pair.source, touched.tab, since), batchRows(item))) {
      await target.runLong(...deleteKeys(pair.target, gone));
    }
    if (modeFor(pair, mode) === "upsert") continue;
    for await (const rows of batches(source, selectRows(pair.source, touched.tab, since), batchRows(item))) {
      await target.runLong(...deleteKeys(pair.target, keysOf(pair, rows)));
    }
  }
  for (const item of items) {
    const { pair, touched } = item;
    for await (const rows of batches(source, selectRows(pair.source, touched.tab, since), batchRows(item))) {
      await target.runLong(...insertRows(pair, rows, modeFor(pair, mode)));
    }
  }
}
