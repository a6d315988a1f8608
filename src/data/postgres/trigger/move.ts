import { RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { raised } from "../install.ts";
import type { Ends } from "../pool.ts";
import { covers, parseSnapshot } from "../position.ts";
import { countRecent, type Progress } from "../progress.ts";
import { SqlError } from "../session.ts";
import { type Sql, sql } from "../sql.ts";
import { applyStatements, isCollision, type TableChange } from "./apply.ts";
import type { Pair } from "./copy.ts";
import { applyLarge } from "./large.ts";
import { reachesBack } from "./log.ts";
import { type Prepared, type PrepareOptions, prepare } from "./prepare.ts";
import {
  checkNotRewritten,
  closeWindow,
  type Item,
  openWindow,
  selectGone,
  selectNotRewritten,
  selectRows,
  type Window,
} from "./window.ts";

type NotReady = Exclude<Prepared, { readonly kind: "ready" }>;

/** What one step did. */
export type Moved =
  | NotReady
  | {
      readonly kind: "moved";
      /** Changes that are at the target now and were not before. */
      readonly changes: number;
      readonly progress: Progress;
      readonly fenced: boolean;
    };

/** How many changes a window may hold to be carried in one message; larger ones are streamed. */
const smallWindow = 2_000;

/** How long what was found at the ends counts. A table that is touched is looked at again in any case. */
const lookAgainMs = 3_000;

/** How often an idle link notes at the target that it has read, and where the sequences stand. */
const noteEveryMs = 500;

/** The moving part of a link: remembers between steps what it found at the ends. */
export interface Mover {
  /** One read of the source and, where there is something, one transaction at the target. `urgent`: note it in any case. */
  step(ends: Ends, options: { readonly urgent: boolean }): Promise<Moved>;
}

interface Memory {
  readonly pairs: ReadonlyMap<number, Pair>;
  readonly lookedAt: number;
  readonly progress: Progress;
  readonly notedAt: number;
}

export function createMover(
  options: PrepareOptions & { readonly now?: () => number; readonly smallWindow?: number },
): Mover {
  const now = options.now ?? Date.now;
  let memory: Memory | undefined;

  const remember = async (ends: Ends): Promise<Memory | NotReady> => {
    const found = await prepare(ends, options);
    if (found.kind !== "ready") return found;
    const pairs = new Map(found.pairs.map((pair) => [pair.source.logged?.id ?? 0, pair]));
    return { pairs, lookedAt: now(), progress: found.progress, notedAt: memory?.notedAt ?? 0 };
  };

  const step = async (ends: Ends, { urgent }: { readonly urgent: boolean }, tries = 0): Promise<Moved> => {
    const fresh = memory === undefined || now() - memory.lookedAt > lookAgainMs;
    const present = fresh || memory === undefined ? await remember(ends) : memory;
    memory = undefined;
    if ("kind" in present) return present;
    // Taken before the read, so that what is claimed of it is never too good.
    const readAt = now();
    const note = urgent || readAt - present.notedAt >= noteEveryMs;
    const from = present.progress;
    const window = await openWindow(ends.source, from.snapshot ?? "", note);
    checkHistory(from, window, ends.source.site);
    const verdict = judge(present.pairs, window, fresh);
    if (verdict === "look-again") {
      await closeWindow(ends.source);
      return step(ends, { urgent }, tries + 1);
    }
    const { items, unnamed } = verdict;
    const to = advance(from, window, readAt, unnamed.length === 0);
    const written = note || window.changes > 0;
    const forget = unnamed.map(
      (pair) => sql`DELETE FROM understudy.copied WHERE relid = ${pair.target.relid}`,
    );
    try {
      if (items.length === 0) {
        await closeWindow(ends.source);
        if (written) await commit(ends, from, to, forget);
      } else if (window.changes <= (options.smallWindow ?? smallWindow)) {
        await moveSmall(ends, from, to, items, forget);
      } else {
        await applyLarge(ends, from.snapshot ?? "", items, {
          begin: [claim(from), ...forget],
          end: save(to),
        });
      }
    } catch (error) {
      if (!mayStepAgain(error) || tries > 20) throw error;
      await Promise.all([ends.source.run(sql`ROLLBACK`), ends.target.run(sql`ROLLBACK`)]);
      return step(ends, { urgent }, tries + 1);
    }
    const progress = written ? to : from;
    if (unnamed.length === 0) memory = { ...present, progress, notedAt: written ? readAt : present.notedAt };
    return { kind: "moved", changes: window.changes, progress, fenced: window.state.role === "fenced" };
  };
  return { step: (ends, wanted) => step(ends, wanted) };
}

/** Another process was faster, the target has been promoted, or a table was emptied in between: a fresh look will tell. */
function mayStepAgain(error: unknown): boolean {
  if (error instanceof SqlError)
    return error.sqlstate === raised.moved || error.sqlstate === raised.notStandby;
  return error instanceof RetryableError && error.code === "table-changed";
}

interface Verdict {
  readonly items: readonly Item[];
  /** Tables whose triggers could not name the changed rows: they are left out, and copied anew. */
  readonly unnamed: readonly Pair[];
}

/** Sorts out what is touched; `look-again` when a table isn't what it was thought to be. */
function judge(pairs: ReadonlyMap<number, Pair>, window: Window, fresh: boolean): Verdict | "look-again" {
  const items: Item[] = [];
  const unnamed: Pair[] = [];
  for (const touched of window.touched) {
    const pair = pairs.get(touched.tab);
    if (pair === undefined) {
      // After a fresh look: logged by triggers that have been replaced since, and copied after that; or not carried.
      if (fresh) continue;
      return "look-again";
    }
    if (touched.unnamed) unnamed.push(pair);
    else if (touched.shape !== pair.source.shape) return "look-again";
    else items.push({ pair, touched });
  }
  return { items, unnamed };
}

/** Throws when what has happened since the last read can't be known: then only a new copy helps. */
function checkHistory(progress: Progress, window: Window, site: string): void {
  const last = progress.snapshot ?? "";
  const suggestion = 'Run "understudy link init --reseed" to copy its data anew.';
  // Transaction ids only grow, unless it is not the same server any more.
  if (window.state.id !== progress.source || parseSnapshot(window.snapshot).xmax < parseSnapshot(last).xmax) {
    const text = `The database of ${site} is not the one that was followed, or was put back to an older state.`;
    throw new UnderstudyError(text, { code: "source-replaced", suggestion });
  }
  if (!reachesBack(window.state, last)) {
    const text = `The log of ${site} was emptied, since it was not read for too long.`;
    throw new UnderstudyError(text, { code: "log-cut", suggestion });
  }
}

function advance(progress: Progress, window: Window, readAt: number, whole: boolean): Progress {
  const complete =
    progress.complete || progress.copied_at === null || covers(window.snapshot, progress.copied_at);
  return {
    ...progress,
    turn: progress.turn + 1,
    snapshot: window.snapshot,
    complete: whole && complete,
    read_at: new Date(readAt).toISOString(),
    recent: [...countRecent(progress.recent, window.changes, readAt)].map(([at, changes]) => [at, changes]),
    sequences: window.sequences ?? progress.sequences,
    sequences_final:
      window.sequences === undefined ? progress.sequences_final : window.state.role === "fenced",
  };
}

function claim(progress: Progress): Sql {
  return sql`SELECT understudy.claim(${progress.source}, ${progress.turn})`;
}

function save(progress: Progress): Sql {
  return sql`UPDATE understudy.progress SET turn = ${progress.turn}, snapshot = ${progress.snapshot},
    complete = ${progress.complete}, read_at = ${progress.read_at}, recent = ${JSON.stringify(progress.recent)},
    sequences = ${JSON.stringify(progress.sequences)}, sequences_final = ${progress.sequences_final}
    WHERE source = ${progress.source}`;
}

async function commit(ends: Ends, from: Progress, to: Progress, statements: readonly Sql[]): Promise<void> {
  try {
    await ends.target.run(sql`BEGIN`, claim(from), ...statements, save(to), sql`COMMIT`);
  } catch (error) {
    if (!ends.target.closed) await ends.target.run(sql`ROLLBACK`);
    throw error;
  }
}

async function moveSmall(
  ends: Ends,
  from: Progress,
  to: Progress,
  items: readonly Item[],
  also: readonly Sql[],
): Promise<void> {
  const since = from.snapshot ?? "";
  const tables = items.map((item) => item.pair.source);
  const results = await ends.source.run(
    sql`SET LOCAL enable_seqscan = off`,
    sql`SET LOCAL enable_hashjoin = off`,
    sql`SET LOCAL enable_mergejoin = off`,
    ...items.flatMap(({ pair, touched }) => [
      selectGone(pair.source, touched.tab, since),
      selectRows(pair.source, touched.tab, since),
    ]),
    selectNotRewritten(tables),
    sql`COMMIT`,
  );
  const found = results.slice(3);
  checkNotRewritten(found[items.length * 2], ends.source.site);
  const changes: TableChange[] = items.map(({ pair, touched }, index) => ({
    pair,
    truncated: touched.truncated,
    gone: found[index * 2] ?? [],
    rows: found[index * 2 + 1] ?? [],
  }));
  try {
    await commit(ends, from, to, [...applyStatements(changes, "upsert"), ...also]);
  } catch (error) {
    if (!isCollision(error)) throw error;
    await commit(ends, from, to, [...applyStatements(changes, "replace"), ...also]);
  }
}
