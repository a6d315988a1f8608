import type { RequestRecord } from "./request.ts";

/** From the sending of the first failed request to the answer of the first of a lasting run of good ones. */
export interface Outage {
  /** Milliseconds since 1970. */
  readonly from: number;
  /** Undefined = no lasting run followed. */
  readonly to: number | undefined;
}

export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface Measure {
  readonly requests: number;
  readonly failedRequests: number;
  readonly ackedWrites: number;
  readonly outages: readonly Outage[];
  /** The longest outage; 0 = no request failed; undefined = one did not end. */
  readonly rtoSeconds: number | undefined;
  /** Milliseconds, of good requests; undefined when there was none. */
  readonly latency: Latency | undefined;
}

/** A span of time, milliseconds since 1970: from `startAt` up to but not including `endAt`. */
export interface Span {
  readonly startAt: number;
  readonly endAt: number;
}

/** How long requests must be good without a failure for an outage to count as over. */
export const lastingMs = 3_000;

export function within(requests: readonly RequestRecord[], span: Span): readonly RequestRecord[] {
  return requests
    .filter((request) => request.at >= span.startAt && request.at < span.endAt)
    .toSorted((a, b) => a.at - b.at);
}

/** What the users saw in a span. Nothing is left out: a failure long after the cutover opens an outage of its own. */
export function measure(requests: readonly RequestRecord[], span: Span): Measure {
  const inside = within(requests, span);
  const outages = findOutages(inside, span.endAt);
  return {
    requests: inside.length,
    failedRequests: inside.filter((request) => !request.ok).length,
    ackedWrites: inside.filter((request) => request.ok && request.kind === "write").length,
    outages,
    rtoSeconds: longest(outages),
    latency: latencyOf(inside.filter((request) => request.ok).map((request) => request.latencyMs)),
  };
}

/** `requests` in the order of sending. */
function findOutages(requests: readonly RequestRecord[], endAt: number): readonly Outage[] {
  const outages: Outage[] = [];
  let from: number | undefined;
  let good: RequestRecord | undefined;
  const lasted = (until: number) => good !== undefined && until - good.at >= lastingMs;
  const close = () => {
    if (from === undefined) return;
    outages.push({ from, to: good === undefined ? undefined : good.at + good.latencyMs });
    from = good = undefined;
  };
  for (const request of requests) {
    if (lasted(request.at)) close();
    if (!request.ok) {
      from ??= request.at;
      good = undefined;
    } else if (from !== undefined) {
      good ??= request;
    }
  }
  if (!lasted(endAt)) good = undefined;
  close();
  return outages;
}

function longest(outages: readonly Outage[]): number | undefined {
  let longestMs = 0;
  for (const { from, to } of outages) {
    if (to === undefined) return undefined;
    longestMs = Math.max(longestMs, to - from);
  }
  return longestMs / 1000;
}

/** Nearest rank: the smallest value that at least that share of the values doesn't exceed. */
export function percentile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

export function latencyOf(values: readonly number[]): Latency | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(sorted, share));
  return p50 === undefined || p95 === undefined || p99 === undefined ? undefined : { p50, p95, p99 };
}
