import type { Ends } from "../pool.ts";
import { covers } from "../position.ts";
import { countRecent, type Progress } from "../progress.ts";
import { type Sql, sql } from "../sql.ts";
import type { Window } from "./window.ts";

/** The progress once a window has been applied; `isWhole`: no table of it was left out. */
export function advance(progress: Progress, window: Window, readAt: number, isWhole: boolean): Progress {
  const complete =
    progress.complete || progress.copied_at === null || covers(window.snapshot, progress.copied_at);
  const beforeMs = progress.read_at === null ? undefined : Date.parse(progress.read_at);
  return {
    ...progress,
    turn: progress.turn + 1,
    snapshot: window.snapshot,
    complete: isWhole && complete,
    read_at: new Date(readAt).toISOString(),
    recent: countRecent(progress.recent, { changes: window.changes, atMs: readAt, beforeMs }),
    sequences: window.sequences ?? progress.sequences,
    sequences_final:
      window.sequences === undefined ? progress.sequences_final : window.state.role === "fenced",
  };
}

/** First in each transaction at the target: fails when the progress or the site's role is not what it was. */
export function claim(progress: Progress): Sql {
  return sql`SELECT understudy.claim(${progress.source}, ${progress.turn})`;
}

/** Last in each transaction at the target. */
export function save(progress: Progress): Sql {
  return sql`UPDATE understudy.progress SET turn = ${progress.turn}, snapshot = ${progress.snapshot},
    complete = ${progress.complete}, read_at = ${progress.read_at}, recent = ${JSON.stringify(progress.recent)},
    sequences = ${JSON.stringify(progress.sequences)}, sequences_final = ${progress.sequences_final}
    WHERE source = ${progress.source}`;
}

/** One transaction at the target, in one message. */
export async function commit(
  ends: Ends,
  from: Progress,
  to: Progress,
  statements: readonly Sql[],
): Promise<void> {
  try {
    await ends.target.run(sql`BEGIN`, claim(from), ...statements, save(to), sql`COMMIT`);
  } catch (error) {
    if (!ends.target.closed) await ends.target.run(sql`ROLLBACK`);
    throw error;
  }
}
