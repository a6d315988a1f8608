import { bucketMs } from "../buckets.ts";
import { seconds } from "../format.ts";
import type { ActResult, Bucket, DrillResult } from "../result.ts";
import {
  frame,
  height,
  latencyBottom,
  latencyTop,
  niceStep,
  requestsBottom,
  round,
  type View,
  viewOf,
} from "./frame.ts";
import { type Html, html } from "./html.ts";
import { latencyPanel } from "./latency.ts";
import { marks, outageLabels, phases, runbookStrip } from "./phases.ts";

/** Requests, errors and latency of one act over time, with the phases of its runbook. */
export function timeline(act: ActResult, sites: DrillResult["sites"]): Html {
  const view = viewOf(act, sites);
  const buckets = act.buckets.filter((bucket) => bucket.at >= view.from && bucket.at + bucketMs <= view.to);
  const id = `timeline-${act.name}`;
  return html`<svg class="timeline" viewBox="0 0 ${frame.width} ${height}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">Requests and latency during the ${act.name} act</title>
<desc id="${id}-text">${describe(act)}</desc>
${phases(view)}
<text class="panel" x="${frame.left}" y="${frame.top - 6}">requests a second</text>
<text class="panel" x="${frame.width - frame.right}" y="${latencyTop - 6}" text-anchor="end">latency of good answers, 95th percentile</text>
${requestsPanel(buckets, view)}
${latencyPanel(buckets, view)}
${timeAxis(view)}
${runbookStrip(view)}
${marks(view)}
${outageLabels(view)}
</svg>`;
}

function describe(act: ActResult): string {
  const { requests, failedRequests, rtoSeconds } = act.measure;
  const recovered = rtoSeconds === undefined ? "did not recover" : `recovered within ${seconds(rtoSeconds)}`;
  return `${requests} requests were sent, ${failedRequests} failed; users ${recovered}. DNS changed ${seconds((act.dnsAt - act.decisionAt) / 1000)} after the decision.`;
}

/** Stacked bars: answered by the one side, by the other, failed. */
function requestsPanel(buckets: readonly Bucket[], view: View): Html {
  const { primary, mirror } = view.sites;
  const total = (bucket: Bucket) =>
    Object.values(bucket.good).reduce((sum, value) => sum + value, 0) + bucket.failed;
  const perSecond = 1000 / bucketMs;
  const most = Math.max(10, ...buckets.map((bucket) => total(bucket) * perSecond));
  const step = niceStep(most / 2.2);
  const top = Math.max(step * 2, most * 1.15);
  const y = (rate: number) => round(requestsBottom - (rate / top) * frame.requests);
  const known = [primary.name, mirror.name];
  const bars = buckets.map((bucket) => {
    const elsewhere = Object.entries(bucket.good).filter(([site]) => !known.includes(site));
    const layers = [
      ["primary", bucket.good[primary.name] ?? 0],
      ["mirror", bucket.good[mirror.name] ?? 0],
      ["elsewhere", elsewhere.reduce((sum, [, value]) => sum + value, 0)],
      ["failed", bucket.failed],
    ] as const;
    const left = view.x(bucket.at);
    const width = round(Math.max(1, view.x(bucket.at + bucketMs) - left - 1));
    let below = 0;
    return layers.map(([kind, value]) => {
      if (value === 0) return "";
      const bottom = y(below);
      below += value * perSecond;
      return html`<rect class="${kind}" x="${left}" y="${y(below)}" width="${width}" height="${round(bottom - y(below))}"/>`;
    });
  });
  const ticks = [0, step, step * 2].map(
    (
      rate,
    ) => html`<line class="grid" x1="${frame.left}" x2="${frame.width - frame.right}" y1="${y(rate)}" y2="${y(rate)}"/>
<text class="tick" x="${frame.left - 8}" y="${y(rate) + 3.5}" text-anchor="end">${rate}</text>`,
  );
  return html`<g>${ticks}${bars}</g>`;
}

function timeAxis(view: View): Html {
  const { decisionAt } = view.act;
  const step = niceStep((view.to - view.from) / 1000 / 8) * 1000;
  const first = Math.ceil((view.from - decisionAt) / step);
  const last = Math.floor((view.to - decisionAt) / step);
  const ticks = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => (first + index) * step);
  return html`<g>${ticks.map((offset) => {
    const x = view.x(decisionAt + offset);
    const sign = offset > 0 ? "+" : offset < 0 ? "\u2212" : "";
    return html`<line class="axis" x1="${x}" x2="${x}" y1="${latencyBottom}" y2="${latencyBottom + 4}"/>
<text class="tick" x="${x}" y="${latencyBottom + 18}" text-anchor="middle">${sign}${Math.abs(offset) / 1000}\u202fs</text>`;
  })}</g>`;
}
