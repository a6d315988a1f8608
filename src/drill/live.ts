import type { RequestRecord } from "./request.ts";

/** What a visitor sees right now. */
export interface Live {
  /** Requests a second, over the last whole second that has been reported. */
  readonly rate: number;
  /** Failed ones among them. */
  readonly failing: number;
  /** Failed ones since the given time. */
  readonly failed: number;
  /** Addresses that gave good answers in that second, the busiest first. */
  readonly addresses: readonly string[];
}

/** Answers are reported a little after they came, so the second that is looked at lies a little back. */
const behindMs = 500;

export function liveView(requests: readonly RequestRecord[], now: number, since: number): Live {
  const endAt = now - behindMs;
  const recent = requests.filter((request) => request.at > endAt - 1_000 && request.at <= endAt);
  const good = recent.filter((request) => request.ok && request.address !== undefined);
  const byAddress = Map.groupBy(good, (request) => request.address ?? "");
  return {
    rate: recent.length,
    failing: recent.filter((request) => !request.ok).length,
    failed: requests.filter((request) => !request.ok && request.at >= since).length,
    addresses: [...byAddress].toSorted(([, a], [, b]) => b.length - a.length).map(([address]) => address),
  };
}
