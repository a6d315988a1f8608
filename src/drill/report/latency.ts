import { bucketMs } from "../buckets.ts";
import { milliseconds } from "../format.ts";
import type { Bucket } from "../result.ts";
import { frame, latencyBottom, niceStep, round, type View } from "./frame.ts";
import { type Html, html } from "./html.ts";

/** The 95th percentile as a line, broken where no request was good. */
export function latencyPanel(buckets: readonly Bucket[], view: View): Html {
  const most = Math.max(10, ...buckets.map((bucket) => bucket.p95 ?? 0));
  const step = niceStep(most / 2);
  const top = Math.max(step, most) * 1.15;
  const y = (value: number) => round(latencyBottom - (value / top) * frame.latency);
  let path = "";
  let broken = true;
  for (const bucket of buckets) {
    if (bucket.p95 === undefined) {
      broken = true;
      continue;
    }
    // `h0` makes a dot of a value that stands alone.
    const point = `${view.x(bucket.at + bucketMs / 2)} ${y(bucket.p95)}`;
    path += broken ? `M${point}h0` : `L${point}`;
    broken = false;
  }
  const ticks = [0, step, ...(step * 2 <= top ? [step * 2] : [])].map(
    (
      value,
    ) => html`<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y(value)}" y2="${y(value)}"/>
<text class="tick" x="${frame.left - 8}" y="${y(value) + 3.5}" text-anchor="end">${value === 0 ? "0" : milliseconds(value)}</text>`,
  );
  return html`<g>${ticks}<path class="latency" d="${path}"/></g>`;
}
