import type { RequestRecord } from "./request.ts";

/** What a visitor sees right now. */
export interface Live {
  /** Good answers that came in the last second that is known of. */
  readonly good: number;
  /** Requests that failed in that second. */
  readonly failing: number;
  /** Requests that were sent since the given time and failed. */
  readonly failed: number;
  /** Addresses that the good answers came from, the busiest first. */
  readonly addresses: readonly string[];
}

/** Outcomes are reported a little after they are there, so the second that is looked at lies a little back. */
const behindMs = 500;

export function liveView(requests: readonly RequestRecord[], now: number, since: number): Live {
  const endAt = now - behindMs;
  const recent = requests.filter(({ at, latencyMs }) => {
    const endedAt = at + latencyMs;
    return endedAt > endAt - 1_000 && endedAt <= endAt;
  });
  const good = recent.filter((request) => request.ok);
  const byAddress = Map.groupBy(good, (request) => request.address ?? "");
  return {
    good: good.length,
    failing: recent.length - good.length,
    failed: requests.filter((request) => !request.ok && request.at >= since).length,
    addresses: [...byAddress].toSorted(([, a], [, b]) => b.length - a.length).map(([address]) => address),
  };
}
