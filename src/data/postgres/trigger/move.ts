import { RetryableError, UnderstudyError } from "../../../base/errors.ts";
import { raised } from "../install.ts";
import type { Ends } from "../pool.ts";
import { parseSnapshot } from "../position.ts";
import type { Progress } from "../progress.ts";
import { SqlError } from "../session.ts";
import { sql } from "../sql.ts";
import { advance, claim, commit, save } from "./commit.ts";
import type { Pair } from "./copy.ts";
import { applyLarge } from "./large.ts";
import { reachesBack } from "./log.ts";
import { type Prepared, type PrepareOptions, prepare } from "./prepare.ts";
import { applySmall, isSmall } from "./small.ts";
import { closeWindow, type Item, openWindow, type Window } from "./window.ts";

type NotReady = Exclude<Prepared, { readonly kind: "ready" }>;

/** What one step did. */
export type Moved =
  | NotReady
  | {
      readonly kind: "moved";
      /** Changes that are at the target now and were not before. */
      readonly changes: number;
      readonly progress: Progress;
    };

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
  /** The newest epoch that the target knows. */
  readonly epoch: number;
  readonly progress: Progress;
  readonly notedAt: number;
}

export function createMover(options: PrepareOptions & { readonly now?: () => number }): Mover {
  const now = options.now ?? Date.now;
  let memory: Memory | undefined;

  const remember = async (ends: Ends): Promise<Memory | NotReady> => {
    const found = await prepare(ends, options);
    if (found.kind !== "ready") return found;
    const pairs = new Map(found.pairs.map((pair) => [pair.source.logged?.id ?? 0, pair]));
    return {
      pairs,
      lookedAt: now(),
      epoch: found.epoch,
      progress: found.progress,
      notedAt: memory?.notedAt ?? 0,
    };
  };

  const step = async (ends: Ends, urgent: boolean, tries: number): Promise<Moved> => {
    const isFresh = memory === undefined || now() - memory.lookedAt > lookAgainMs;
    const present = isFresh || memory === undefined ? await remember(ends) : memory;
    memory = undefined;
    if ("kind" in present) return present;
    // Taken before the read, so that what is claimed of it is never too good.
    const readAt = now();
    const note = urgent || readAt - present.notedAt >= noteEveryMs;
    const from = present.progress;
    const window = await openWindow(ends.source, from.snapshot ?? "", note);
    checkServer(from, window, ends.source.site);
    if (!reachesBack(window.state, from.snapshot ?? "")) return await behindLog(ends, from, urgent, tries);
    const verdict = judge(present.pairs, window, isFresh);
    if (verdict === "look-again") return await again(ends, urgent, tries);
    const { items, unnamed } = verdict;
    const epoch = Math.max(present.epoch, window.state.epoch);
    const isWritten = note || window.changes > 0 || epoch > present.epoch;
    const to = isWritten ? advance(from, window, readAt, unnamed.length === 0) : from;
    const also = [
      ...unnamed.map((pair) => sql`DELETE FROM understudy.copied WHERE relid = ${pair.target.relid}`),
      // So that a promotion under an epoch older than the source's fence is refused.
      ...(epoch > present.epoch
        ? [sql`UPDATE understudy.state SET epoch = ${epoch} WHERE epoch < ${epoch}`]
        : []),
    ];
    try {
      if (items.length === 0) {
        await closeWindow(ends.source);
        if (isWritten) await commit(ends, from, to, also);
      } else if (isSmall(items)) {
        await applySmall(ends, from, to, items, also);
      } else {
        const frame = { begin: [claim(from), ...also], end: save(to) };
        await applyLarge(ends, from.snapshot ?? "", items, frame);
      }
    } catch (error) {
      if (!mayStepAgain(error) || ends.source.closed || ends.target.closed) throw error;
      return await again(ends, urgent, tries, error);
    }
    const notedAt = isWritten ? readAt : present.notedAt;
    if (unnamed.length === 0) memory = { ...present, epoch, progress: to, notedAt };
    return { kind: "moved", changes: window.changes, progress: to };
  };

  /** The log no longer has what came after the last read; unless another process read it meanwhile, and it was pruned since. */
  const behindLog = async (ends: Ends, from: Progress, urgent: boolean, tries: number): Promise<Moved> => {
    await closeWindow(ends.source);
    const present = await prepare(ends, options);
    if (present.kind !== "ready") return present;
    if (present.progress.snapshot !== from.snapshot) return await again(ends, urgent, tries);
    throw new UnderstudyError(
      `The log of ${ends.source.site} was emptied, since it was not read for too long.`,
      { code: "log-cut", suggestion: reseed },
    );
  };

  const again = async (ends: Ends, urgent: boolean, tries: number, error?: unknown): Promise<Moved> => {
    await Promise.all([ends.source.run(sql`ROLLBACK`), ends.target.run(sql`ROLLBACK`)]);
    if (tries < 20) return step(ends, urgent, tries + 1);
    throw new RetryableError(`The tables of ${ends.source.site} change faster than they can be looked at.`, {
      code: "source-unsettled",
      cause: error,
    });
  };
  return { step: (ends, { urgent }) => step(ends, urgent, 0) };
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
function judge(pairs: ReadonlyMap<number, Pair>, window: Window, isFresh: boolean): Verdict | "look-again" {
  const items: Item[] = [];
  const unnamed: Pair[] = [];
  for (const touched of window.touched) {
    const pair = pairs.get(touched.tab);
    if (pair === undefined) {
      // After a fresh look: logged by triggers that have been replaced since, and copied after that; or not carried.
      if (isFresh) continue;
      return "look-again";
    }
    if (touched.unnamed) unnamed.push(pair);
    else if (touched.shape !== pair.source.shape) return "look-again";
    else items.push({ pair, touched });
  }
  return { items, unnamed };
}

/** What helps where what has happened since the last read can't be known. */
const reseed = 'Run "understudy link init --reseed" to copy its data anew.';

/** Throws when the source isn't the server that was followed. */
function checkServer(progress: Progress, window: Window, site: string): void {
  const last = progress.snapshot ?? "";
  // Transaction ids only grow, unless it is not the same server any more.
  if (window.state.id !== progress.source || parseSnapshot(window.snapshot).xmax < parseSnapshot(last).xmax) {
    const text = `The database of ${site} is not the one that was followed, or was put back to an older state.`;
    throw new UnderstudyError(text, { code: "source-replaced", suggestion: reseed });
  }
}
