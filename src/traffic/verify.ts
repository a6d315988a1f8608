import { type Clock, systemClock } from "../base/clock.ts";
import { RetryableError } from "../base/errors.ts";
import type { TrafficTarget } from "../platform/contract.ts";
import type { Ledger, Verification, Zone } from "./contract.ts";

export interface WaitOptions {
  /** For all rounds together, milliseconds. @default 30_000 */
  readonly timeoutMs?: number;
  /** Between two rounds, milliseconds. @default 250 */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** A server that gave no answer in so many rounds is left aside: nobody gets old records from it. */
const silentRounds = 2;
/** For one round, milliseconds: a silent server must not eat up the whole time. */
const roundMs = 2_000;

/**
 * Asks all authoritative servers until each one that answers has the change, and gives the last round; servers that stay
 * silent are in it as not ok. Throws `RetryableError` (`zone-unverified`), with what each server said, when time is up.
 */
export async function waitUntilVerified(
  zone: Zone,
  expect: { readonly ledger: Ledger; readonly target: TrafficTarget },
  options: WaitOptions = {},
): Promise<readonly Verification[]> {
  const { timeoutMs = 30_000, intervalMs = 250, clock = systemClock, signal } = options;
  const end = clock.monotonic() + timeoutMs;
  const known = new Set<string>();
  for (let round = 1; ; round++) {
    const left = Math.max(1, end - clock.monotonic());
    const verifications = await zone.verify(expect, {
      timeoutMs: Math.min(roundMs, left),
      ...(signal === undefined ? {} : { signal }),
    });
    for (const { server, answered } of verifications) if (answered !== false) known.add(server);
    if (isSettled(verifications, round, known)) return verifications;
    // A round with hardly any time would find silence alone.
    if (clock.monotonic() + 2 * intervalMs >= end) throw unverified(verifications, timeoutMs);
    await clock.sleep(intervalMs, signal);
  }
}

/** Whoever has answered before is not silent: it may still give out what it had then. */
function isSettled(
  verifications: readonly Verification[],
  round: number,
  known: ReadonlySet<string>,
): boolean {
  const wrong = verifications.filter(({ ok }) => !ok);
  if (wrong.length === 0) return true;
  const silent = wrong.every(({ server }) => !known.has(server));
  return silent && wrong.length < verifications.length && round >= silentRounds;
}

function unverified(verifications: readonly Verification[], timeoutMs: number): RetryableError {
  const wrong = verifications.filter(({ ok }) => !ok);
  const seen = wrong.map(({ server, detail }) => `${server}: ${detail}`).join("; ");
  return new RetryableError(
    `After ${timeoutMs / 1000} s, ${wrong.length} of ${verifications.length} name servers have not got the change. ${seen}`,
    {
      code: "zone-unverified",
      suggestion: "Look why the zone does not reach them (notify, transfer), then run it again.",
    },
  );
}
