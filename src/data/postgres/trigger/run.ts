import { type Clock, systemClock } from "../../../base/clock.ts";
import { messageOf } from "../../../base/errors.ts";
import type { LinkSettings, LinkStatus } from "../../contract.ts";
import { type Ends, type Pool, withBoth } from "../pool.ts";
import type { Progress } from "../progress.ts";
import type { Scope } from "./drift.ts";
import { boundLog, pruneLog } from "./log.ts";
import { createMover, type Moved } from "./move.ts";
import { proveForeignKeys } from "./quiet.ts";
import { statusOf } from "./status.ts";

const busyMs = 100;
const idleMs = 250;
/** While nothing can be applied: another direction, drift. */
const restMs = 1_000;
const tidyEveryMs = 2_000;
const boundEveryMs = 30_000;
const statusEveryMs = 2_000;
const statusMs = 5_000;
/** Changes that the log may hold, some 3 GB, before a standby that doesn't read it is given up. */
const logLimit = 30_000_000;

/** See {@link Link.run}. */
export async function runLink(
  settings: LinkSettings,
  pools: { readonly source: Pool; readonly target: Pool },
  scope: Scope,
  options: {
    readonly signal: AbortSignal;
    readonly onStatus?: (status: LinkStatus) => void;
    readonly clock?: Clock;
  },
): Promise<void> {
  const { signal } = options;
  const clock = options.clock ?? systemClock;
  const mover = createMover({ scope, signal });
  let failures = 0;
  let tidiedAt = 0;
  let boundedAt = 0;
  let statusAt = 0;
  let said = "";
  const say = (text: string) => {
    if (text !== said) settings.log.warn(text);
    said = text;
  };
  while (!signal.aborted) {
    let waitMs = idleMs;
    try {
      const moved = await withBoth(
        pools,
        async (ends) => {
          const result = await mover.step(ends, { urgent: false });
          if (result.kind === "moved" && clock.monotonic() - tidiedAt > tidyEveryMs) {
            tidiedAt = clock.monotonic();
            await tidy(ends, result.progress);
          }
          return result;
        },
        signal,
      );
      failures = 0;
      said = moved.kind === "moved" ? "" : said;
      if (moved.kind !== "moved") say(`link ${settings.service}: ${describe(moved)}`);
      waitMs = moved.kind !== "moved" ? restMs : moved.changes > 0 ? busyMs : idleMs;
    } catch (error) {
      if (signal.aborted) break;
      failures++;
      say(`link ${settings.service}: ${messageOf(error)}`);
      waitMs = Math.min(5_000, 100 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
    }
    if (waitMs >= restMs && clock.monotonic() - boundedAt > boundEveryMs) {
      boundedAt = clock.monotonic();
      const isCut = await pools.source.use((source) => boundLog(source, logLimit), signal).catch(() => false);
      if (isCut)
        settings.log.warn(
          `link ${settings.service}: the log was not read for too long and was emptied: reseed`,
        );
    }
    if (options.onStatus !== undefined && clock.monotonic() - statusAt > statusEveryMs) {
      statusAt = clock.monotonic();
      await statusOf(settings, pools, scope, { signal, timeoutMs: statusMs }).then(
        options.onStatus,
        () => {},
      );
    }
    await clock.sleep(waitMs, signal).catch(() => {});
  }
}

function describe(moved: Exclude<Moved, { readonly kind: "moved" }>): string {
  return moved.kind === "drifted"
    ? `nothing is applied, the schemas differ: ${moved.notes.join("; ")}`
    : moved.reason;
}

/** Forgets what the target has confirmed, and has old rows checked against foreign keys that came back. */
async function tidy(ends: Ends, progress: Progress): Promise<void> {
  if (progress.snapshot !== null) await pruneLog(ends.source, progress.snapshot);
  await proveForeignKeys(ends.source);
}
