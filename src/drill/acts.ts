import { type Clock, systemClock } from "../base/clock.ts";
import { toBuckets } from "./buckets.ts";
import { type Measure, measure } from "./measure.ts";
import type { Reconciliation } from "./reconcile.ts";
import { acknowledged, type RequestRecord } from "./request.ts";
import type { ActMeasure, ActName, ActResult, StepTiming } from "./result.ts";
import type { Visitor } from "./visitor.ts";

/** What a cutover tells of itself. */
export interface CutoverOutcome {
  /** When it was decided on, milliseconds since 1970. */
  readonly decisionAt: number;
  /** When the zone led users to the new side. */
  readonly dnsAt: number;
  readonly steps: readonly StepTiming[];
  /** Most writes that it said might be lost. */
  readonly declaredLoss?: number;
  readonly notes?: readonly string[];
}

export type ActPhase = "warm-up" | "outage" | "cutover" | "settling" | "reconciling";

export interface ActOptions {
  readonly name: ActName;
  /** Names of sites. */
  readonly from: string;
  readonly to: string;
  readonly visitor: Visitor;
  /** Where the act before ended, so that no request falls between two acts. @default now */
  readonly startAt?: number;
  /** Undisturbed visiting before anything is done. @default 3_000 */
  readonly warmUpMs?: number;
  /** Settles when the act may begin, e.g. once the standby's data has caught up; awaited after the warm-up. */
  readonly ready?: () => Promise<void>;
  /** Breaks something, before the cutover is decided on. */
  readonly outage?: () => Promise<void>;
  readonly cutover: () => Promise<CutoverOutcome>;
  /** Of the name's records: so long may a user go on to the old address. */
  readonly ttlSeconds: number;
  /** Longest wait for a lasting run of good requests after the cutover. @default 60_000 */
  readonly settleMs?: number;
  /** Name of the site behind an address. */
  readonly siteOf: (address: string) => string | undefined;
  /** Asks the new side for each of the writes. */
  readonly reconcile: (writes: readonly RequestRecord[]) => Promise<Reconciliation>;
  /** Ids of writes that an earlier act counted as lost. */
  readonly knownLost?: ReadonlySet<string>;
  readonly onPhase?: (phase: ActPhase) => void;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

export interface Act {
  readonly result: ActResult;
  /** Writes that this act lost. */
  readonly lost: readonly RequestRecord[];
}

/** One act of a drill: visits, breaks what is to be broken, cuts over, waits until users are well again, counts. */
export async function runAct(options: ActOptions): Promise<Act> {
  const { visitor, clock = systemClock, onPhase = () => {} } = options;
  const startAt = options.startAt ?? clock.now();
  onPhase("warm-up");
  await clock.sleep(options.warmUpMs ?? 3_000, options.signal);
  await options.ready?.();

  let outageAt: number | undefined;
  if (options.outage !== undefined) {
    onPhase("outage");
    outageAt = clock.now();
    await options.outage();
  }
  onPhase("cutover");
  const outcome = await options.cutover();
  onPhase("settling");
  const span = { startAt, endAt: await settle(options, startAt, outcome.dnsAt, clock) };
  const seen = measure(visitor.requests, span);

  onPhase("reconciling");
  const writes = acknowledged(visitor.requests).filter(
    (write) => write.at < span.endAt && options.knownLost?.has(write.id ?? "") !== true,
  );
  const found = await options.reconcile(writes);
  return {
    lost: found.lost,
    result: {
      name: options.name,
      from: options.from,
      to: options.to,
      ...span,
      ...(outageAt === undefined ? {} : { outageAt }),
      decisionAt: outcome.decisionAt,
      dnsAt: outcome.dnsAt,
      steps: outcome.steps,
      buckets: toBuckets(visitor.requests, span, options.siteOf),
      measure: completeMeasure(seen, found, outcome, outageAt ?? outcome.decisionAt),
      notes: [...(outcome.notes ?? []), ...reasons(found)],
    },
  };
}

/** For requests that were sent just before a cache ended. */
const graceMs = 500;

/** Waits for users' caches to end and for a lasting run of good requests; gives the end of the act. */
async function settle(options: ActOptions, startAt: number, dnsAt: number, clock: Clock): Promise<number> {
  const cachesEndAt = dnsAt + options.ttlSeconds * 1000;
  const giveUpAt = clock.now() + (options.settleMs ?? 60_000);
  await clock.sleep(Math.max(0, cachesEndAt + graceMs - clock.now()), options.signal);
  for (;;) {
    const endAt = clock.now();
    await options.visitor.settled(endAt);
    const seen = measure(options.visitor.requests, { startAt, endAt });
    if (seen.rtoSeconds !== undefined || endAt >= giveUpAt) return endAt;
    await clock.sleep(250, options.signal);
  }
}

function completeMeasure(
  seen: Measure,
  found: Reconciliation,
  outcome: CutoverOutcome,
  outageAt: number,
): ActMeasure {
  const { declaredLoss } = outcome;
  const ages = found.lost.map((write) => outageAt - (write.at + write.latencyMs));
  return {
    ...seen,
    lostWrites: found.lost.length,
    unexplainedWrites: found.unexplained.length,
    rpoSeconds: Math.max(0, ...ages) / 1000,
    decisionToDnsMs: outcome.dnsAt - outcome.decisionAt,
    ...(declaredLoss === undefined ? {} : { declaredLoss }),
  };
}

/** Why writes are unexplained, each reason once. */
function reasons({ unexplained }: Reconciliation): readonly string[] {
  const byReason = Map.groupBy(unexplained, (item) => item.reason);
  return [...byReason].map(([reason, items]) => `${items.length} writes could not be asked for: ${reason}`);
}
