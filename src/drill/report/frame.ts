import { bucketMs } from "../buckets.ts";
import type { ActResult, DrillResult } from "../result.ts";

/** Where things are, in the drawing's own units. */
export const frame = {
  width: 1000,
  left: 44,
  right: 12,
  top: 64,
  requests: 150,
  gap: 30,
  latency: 64,
  axis: 26,
};

const plotWidth = frame.width - frame.left - frame.right;
export const requestsBottom = frame.top + frame.requests;
export const latencyTop = requestsBottom + frame.gap;
export const latencyBottom = latencyTop + frame.latency;
export const height = latencyBottom + frame.axis;

/** The span that is drawn: the act from a little before anything happened, so that a long wait doesn't flatten it. */
export interface View {
  readonly act: ActResult;
  readonly sites: DrillResult["sites"];
  readonly from: number;
  readonly to: number;
  readonly x: (at: number) => number;
}

const leadMs = 5_000;

export function viewOf(act: ActResult, sites: DrillResult["sites"]): View {
  // Whole buckets only: half a bucket would look like half the requests.
  const whole = (at: number, round: (value: number) => number) =>
    act.startAt + round((at - act.startAt) / bucketMs) * bucketMs;
  const begin = Math.min(act.outageAt ?? act.decisionAt, act.decisionAt) - leadMs;
  const from = whole(Math.max(act.startAt, begin), Math.ceil);
  const to = whole(act.endAt, Math.floor);
  const x = (at: number) => {
    const share = (at - from) / Math.max(1, to - from);
    return round(frame.left + Math.min(1, Math.max(0, share)) * plotWidth);
  };
  return { act, sites, from, to, x };
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The 1, 2, 2.5 or 5 times a power of ten nearest above. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)));
  return power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= least) ?? 10);
}
