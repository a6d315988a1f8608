import { count, milliseconds, plural, seconds } from "../format.ts";
import { type ActResult, type DrillResult, failuresOf } from "../result.ts";
import { type Html, html } from "./html.ts";
import { stepsTable } from "./steps.ts";
import { timeline } from "./timeline.ts";

const titles = {
  graceful: "Graceful cutover",
  failback: "Failback",
  ungraceful: "Ungraceful cutover",
} as const;

const stories = {
  graceful: "Both sides answer. Traffic and data move over; no acknowledged write may be lost.",
  failback: "The way back, with everything written meanwhile.",
  ungraceful: "The active side is lost without warning. What it never handed over is declared, then counted.",
} as const;

const numerals = ["I", "II", "III", "IV", "V", "VI"];

/** One act: what it was, how it went, and what its users saw. */
export function actSection(act: ActResult, index: number, result: DrillResult): Html {
  const failures = failuresOf(act, result.objectives);
  const verdict =
    failures.length === 0
      ? html`<p class="chip ok">Objectives met</p>`
      : html`<p class="chip bad">Objectives missed</p>`;
  return html`<section class="card act" aria-labelledby="act-${act.name}">
<header>
<div><p class="eyebrow">Act ${numerals[index] ?? index + 1}</p><h2 id="act-${act.name}">${titles[act.name]}</h2>
<p class="story">${siteName(act.from, result)} <span class="arrow" aria-hidden="true">\u2192</span><span class="hidden"> to </span> ${siteName(act.to, result)}</p>
<p class="soft">${stories[act.name]}</p></div>
${verdict}
</header>
${failures.map((failure) => html`<p class="failure">${failure}.</p>`)}
${figures(act, result)}
<figure>${timeline(act, result.sites)}${legend(act, result)}</figure>
${stepsTable(act)}
${act.notes.map((note) => html`<p class="note">${note}</p>`)}
</section>`;
}

function siteName(name: string, { sites }: DrillResult): Html {
  const kind = name === sites.primary.name ? "primary" : "mirror";
  return html`<span class="site ${kind}">${titleOf(name, sites)}</span>`;
}

function titleOf(name: string, { primary, mirror }: DrillResult["sites"]): string {
  return [primary, mirror].find((site) => site.name === name)?.title ?? name;
}

function figures(act: ActResult, { objectives }: DrillResult): Html {
  const { measure } = act;
  const { rtoSeconds, rpoSeconds, lostWrites, latency } = measure;
  const rto = rtoSeconds === undefined ? "not over" : seconds(rtoSeconds);
  const missedRto = rtoSeconds === undefined || rtoSeconds > objectives.rtoSeconds;
  return html`<dl class="figures main">
${figure("Recovery time", rto, `objective ${seconds(objectives.rtoSeconds)}`, missedRto ? "bad" : "")}
${figure("Data lost", seconds(rpoSeconds), `${lostWrites === 0 ? "" : `${plural(lostWrites, "write")}; `}objective ${seconds(objectives.rpoSeconds)}`, rpoSeconds > objectives.rpoSeconds ? "bad" : "")}
${figure("Decision to DNS", milliseconds(measure.decisionToDnsMs), "until the zone led users to the new side", "")}
${figure("Latency", latency === undefined ? "none" : milliseconds(latency.p50), latency === undefined ? "no good answer" : `median; p95 ${milliseconds(latency.p95)}, p99 ${milliseconds(latency.p99)}`, "")}
</dl>
<dl class="figures">
${figure("Requests", count(measure.requests))}
${figure("Failed", count(measure.failedRequests), share(measure.failedRequests, measure.requests))}
${figure("Acknowledged writes", count(measure.ackedWrites))}
${figure("Lost", count(lostWrites), undefined, lostWrites > (measure.declaredLoss ?? 0) ? "bad" : "")}
${figure("Unexplained", count(measure.unexplainedWrites), undefined, measure.unexplainedWrites > 0 ? "bad" : "")}
${measure.declaredLoss === undefined ? undefined : figure("Declared loss", count(measure.declaredLoss), "at most")}
</dl>`;
}

function share(part: number, whole: number): string | undefined {
  return part === 0 || whole === 0 ? undefined : `${((part / whole) * 100).toFixed(1)}\u202f%`;
}

function figure(name: string, value: string, hint?: string, kind = ""): Html {
  return html`<div class="${kind}"><dt>${name}</dt><dd>${value}${hint === undefined ? undefined : html`<small>${hint}</small>`}</dd></div>`;
}

function legend(act: ActResult, { sites }: DrillResult): Html {
  const elsewhere = act.buckets.some((bucket) =>
    Object.keys(bucket.good).some((name) => name !== sites.primary.name && name !== sites.mirror.name),
  );
  return html`<figcaption>
<span class="key primary">answered by ${sites.primary.title}</span>
<span class="key mirror">answered by ${sites.mirror.title}</span>
${elsewhere ? html`<span class="key elsewhere">answered from elsewhere</span>` : undefined}
<span class="key failed">failed</span>
<span class="key outage">outage</span>
<span class="key cutover">runbook</span>
<span class="soft">time from the decision</span>
</figcaption>`;
}
