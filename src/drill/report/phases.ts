import { milliseconds, seconds } from "../format.ts";
import type { StepTiming } from "../result.ts";
import { frame, latencyBottom, round, type View } from "./frame.ts";
import { type Html, html } from "./html.ts";

const stripTop = 42;
const stripHeight = 14;

/** Shaded behind the plots: the outage, and from the decision to the last step. */
export function phases(view: View): Html {
  const { act } = view;
  const end = Math.max(act.dnsAt, ...act.steps.map((step) => step.endedAt));
  const outages = act.measure.outages.map(({ from, to }) => band("outage", view, from, to ?? act.endAt));
  return html`<g>${band("cutover", view, act.decisionAt, end)}${outages}</g>`;
}

/** Drawn last, since lines would cross them. */
export function outageLabels(view: View): Html {
  return html`<g>${view.act.measure.outages.map(({ from, to }) => {
    const text = to === undefined ? "outage, not over" : `outage ${seconds((to - from) / 1000)}`;
    return html`<text class="band-label" x="${round(view.x(from) + 5)}" y="${frame.top + 13}">${text}</text>`;
  })}</g>`;
}

function band(kind: string, view: View, from: number, to: number): Html {
  const [left, right] = [view.x(from), view.x(to)];
  return html`<rect class="band ${kind}" x="${left}" y="${frame.top}" width="${round(Math.max(1.5, right - left))}" height="${latencyBottom - frame.top}"/>`;
}

/** The steps one after another, numbered as in the table below, where there is room for a number. */
export function runbookStrip(view: View): Html {
  const steps = view.act.steps.map((step, index) => stripStep(step, index + 1, view));
  const label =
    steps.length === 0
      ? undefined
      : html`<text class="panel" x="${view.x(view.act.decisionAt) - 7}" y="${stripTop + 11}" text-anchor="end">runbook</text>`;
  return html`<g>${label}${steps}</g>`;
}

function stripStep(step: StepTiming, number: number, view: View): Html {
  const left = view.x(step.startedAt);
  const width = round(Math.max(1, view.x(step.endedAt) - left));
  const label =
    width < 16
      ? undefined
      : html`<text class="step-number" x="${round(left + width / 2)}" y="${stripTop + 10.5}" text-anchor="middle">${number}</text>`;
  return html`<g><title>${number}. ${step.title}: ${milliseconds(step.endedAt - step.startedAt)}</title>
<rect class="step ${number % 2 === 0 ? "even" : "odd"}" x="${left}" y="${stripTop}" width="${width}" height="${stripHeight}"/>${label}</g>`;
}

/** Upright lines with a label: what was broken, the decision, the change of DNS. */
export function marks(view: View): Html {
  const { act, sites } = view;
  const lost = [sites.primary, sites.mirror].find((site) => site.name === act.from);
  const all = [
    ...(act.outageAt === undefined
      ? []
      : [{ at: act.outageAt, text: `${lost?.title ?? act.from} lost`, kind: "bad" }]),
    { at: act.decisionAt, text: "decision", kind: "plain" },
    { at: act.dnsAt, text: "DNS changed", kind: "dns" },
  ].toSorted((a, b) => a.at - b.at);
  // Labels stand in rows of their own when they would run into each other; a letter is about 6.4 units wide.
  const ends: number[] = [];
  return html`<g>${all.map(({ at, text, kind }) => {
    const x = view.x(at);
    const row = [0, 1, 2].find((candidate) => (ends[candidate] ?? 0) < x) ?? 2;
    ends[row] = x + text.length * 6.4 + 14;
    const y = 12 + row * 13;
    return html`<line class="mark ${kind}" x1="${x}" x2="${x}" y1="${y - 8}" y2="${latencyBottom}"/>
<text class="mark-label ${kind}" x="${x + 5}" y="${y}">${text}</text>`;
  })}</g>`;
}
