import { type Clock, systemClock } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { LinkSettings, LinkStatus } from "../../contract.ts";
import { type Pools, withBoth } from "../pool.ts";
import { BusyError } from "../session.ts";
import type { Scope } from "./drift.ts";
import { boundLog, pruneLog } from "./log.ts";
import { createMover, type Moved } from "./move.ts";
import { proveForeignKeys } from "./quiet.ts";
import { statusOf } from "./status.ts";

const busyMs = 100;
const idleMs = 250;
/** While nothing can be applied: another direction, drift. */
const restMs = 1_000;
/** How often a database may be busy, one time after the other, before that is worth a word. */
const quietTries = 5;
/** Changes that the log may hold, some 3 GB, before a standby that doesn't read it is given up. */
const logLimit = 30_000_000;

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onStatus?: (status: LinkStatus) => void;
  readonly clock?: Clock;
}

/** Something that is done now and then beside the moving of changes, with a connection of its own. */
interface Chore {
  /** Begins it when it is due and not under way. */
  nudge(): void;
  /** Settles when it is not under way. */
  idle(): Promise<void>;
}

function chore(everyMs: number, clock: Clock, work: () => Promise<unknown>): Chore {
  let running: Promise<void> | undefined;
  let last = Number.NEGATIVE_INFINITY;
  return {
    nudge: () => {
      if (running !== undefined || clock.monotonic() - last < everyMs) return;
      last = clock.monotonic();
      // What fails is tried again; the link itself says what is wrong with an end.
      running = work().then(
        () => {
          running = undefined;
        },
        () => {
          running = undefined;
        },
      );
    },
    idle: async () => running,
  };
}

/** See {@link Link.run}. */
export async function runLink(
  settings: LinkSettings,
  pools: Pools,
  scope: Scope,
  options: RunOptions,
): Promise<void> {
  const { signal, onStatus } = options;
  const clock = options.clock ?? systemClock;
  const mover = createMover({ scope, signal });
  let said = "";
  const say = (text: string) => {
    if (text !== said && text !== "") settings.log.warn(`link ${settings.service}: ${text}`);
    said = text;
  };
  let last: Moved | undefined;
  const chores = [
    chore(2_000, clock, async () => {
      const confirmed = last?.kind === "moved" ? last.progress.snapshot : null;
      if (confirmed !== null) await pools.source.use((session) => pruneLog(session, confirmed), signal);
    }),
    chore(10_000, clock, async () => {
      for (const note of await pools.source.use(proveForeignKeys, signal)) settings.log.warn(note);
    }),
    chore(30_000, clock, async () => {
      if (last?.kind === "moved") return;
      const isCut = await pools.source.use((session) => boundLog(session, logLimit), signal);
      if (isCut)
        settings.log.warn(`link ${settings.service}: its log was not read for too long and was emptied`);
    }),
    chore(2_000, clock, async () => {
      onStatus?.(await statusOf(settings, pools, scope, { signal, timeoutMs: 5_000 }));
    }),
  ];
  for (let failures = 0; !signal.aborted; ) {
    let waitMs = restMs;
    try {
      last = await withBoth(pools, (ends) => mover.step(ends, { urgent: false }), signal);
      failures = 0;
      say(last.kind === "moved" ? "" : describe(last));
      if (last.kind === "moved") waitMs = last.changes > 0 ? busyMs : idleMs;
    } catch (error) {
      if (signal.aborted) break;
      last = undefined;
      failures++;
      const isBusy = error instanceof BusyError;
      // A busy database is free again in a moment; one that can't be reached may be away for hours.
      if (!isBusy || failures > quietTries) say(messageOf(error));
      const backoffMs = Math.min(5_000, 100 * 2 ** Math.min(failures, 6));
      waitMs = (isBusy ? busyMs : backoffMs) * (0.5 + Math.random() / 2);
    }
    for (const { nudge } of chores) nudge();
    await clock.sleep(waitMs, signal).catch(() => {});
  }
  await Promise.all(chores.map(({ idle }) => idle()));
}

function describe(moved: Exclude<Moved, { readonly kind: "moved" }>): string {
  return moved.kind === "drifted"
    ? `nothing is applied, the schemas differ: ${moved.notes.join("; ")}`
    : moved.reason;
}
