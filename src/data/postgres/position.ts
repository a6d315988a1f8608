import { UnderstudyError } from "../../base/errors.ts";

/**
 * Which transactions a reader saw, as `pg_current_snapshot()` prints it: `xmin:xmax:running,running`. All below `xmin` had
 * ended, none from `xmax` on had begun, and of those between them the listed ones were still running.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export interface Snapshot {
  readonly xmin: bigint;
  readonly xmax: bigint;
  readonly running: ReadonlySet<bigint>;
}

export function parseSnapshot(text: string): Snapshot {
  const match = /^(\d+):(\d+):([\d,]*)$/.exec(text);
  if (match === null) {
    throw new UnderstudyError(`'${text}' is not a position in a Postgres log.`, { code: "bad-position" });
  }
  const [, xmin = "", xmax = "", running = ""] = match;
  return {
    xmin: BigInt(xmin),
    xmax: BigInt(xmax),
    running: new Set(running === "" ? [] : running.split(",").map(BigInt)),
  };
}

/** Whether all that `earlier` saw is seen by `later` too. Both must come from one server. */
export function covers(later: string, earlier: string): boolean {
  const wide = parseSnapshot(later);
  const narrow = parseSnapshot(earlier);
  // What began in [wide.xmax, narrow.xmax) is unseen by `later`; fine only where `earlier` saw none of it either.
  if (narrow.xmax - wide.xmax > narrow.running.size) return false;
  for (let id = wide.xmax; id < narrow.xmax; id++) if (!narrow.running.has(id)) return false;
  for (const id of wide.running) if (id < narrow.xmax && !narrow.running.has(id)) return false;
  return true;
}
