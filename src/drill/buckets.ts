import { latencyOf, type Span, within } from "./measure.ts";
import type { RequestRecord } from "./request.ts";
import type { Bucket } from "./result.ts";

/** Near a quarter of a second, and a whole number of requests at 50 a second, so that a steady rate looks steady. */
export const bucketMs = 240;

/** The requests of a span bucket by bucket, without gaps; `siteOf` names the site behind an address. */
export function toBuckets(
  requests: readonly RequestRecord[],
  span: Span,
  siteOf: (address: string) => string | undefined,
): readonly Bucket[] {
  const groups = Map.groupBy(within(requests, span), (request) =>
    Math.floor((request.at - span.startAt) / bucketMs),
  );
  const count = Math.ceil((span.endAt - span.startAt) / bucketMs);
  return Array.from({ length: count }, (_, index) => {
    const group = groups.get(index) ?? [];
    const good = group.filter((request) => request.ok);
    const bySite = Map.groupBy(good, (request) => siteOf(request.address ?? "") ?? "elsewhere");
    return {
      at: span.startAt + index * bucketMs,
      good: Object.fromEntries([...bySite].map(([site, items]) => [site, items.length]).toSorted()),
      failed: group.length - good.length,
      p95: latencyOf(good.map((request) => request.latencyMs))?.p95,
    };
  });
}
