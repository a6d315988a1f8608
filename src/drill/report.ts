import { dateTime, plural, seconds } from "./format.ts";
import { actSection } from "./report/act.ts";
import { type Html, html } from "./report/html.ts";
import { style } from "./report/style.ts";
import { type DrillResult, failuresOf } from "./result.ts";

/** The whole report as one HTML file that needs nothing else. Pure: the same result gives the same text. */
export function renderReport(result: DrillResult): string {
  const { primary, mirror } = result.sites;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${result.app}: drill of ${dateTime(result.startedAt)}</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
<header class="top">
<div><p class="eyebrow">Understudy drill</p>
<h1>${result.app} between ${primary.title} and ${mirror.title}</h1>
<p class="when">${dateTime(result.startedAt)}</p></div>
${verdict(result)}
</header>
${result.acts.map((act, index) => actSection(act, index, result))}
${facts(result)}
${method()}
</main>
</body>
</html>
`;
  return page.html;
}

function verdict(result: DrillResult): Html {
  const missed = result.acts.filter((act) => failuresOf(act, result.objectives).length > 0).length;
  const acts = plural(result.acts.length, "act");
  const headline =
    result.acts.length === 0
      ? "No act took place"
      : missed === 0
        ? `Objectives met in ${result.acts.length} of ${acts}`
        : `Objectives missed in ${missed} of ${acts}`;
  const bad = missed > 0 || result.acts.length === 0;
  const mark = bad ? "M7 7l10 10M17 7L7 17" : "M6 12.5l4 4 8-9";
  return html`<div class="verdict ${bad ? "bad" : "ok"}">
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10.5" stroke-width="1.2"/><path d="${mark}"/></svg>
<p><b>${headline}</b>${totals(result)}</p>
</div>`;
}

function totals({ acts }: DrillResult): string {
  const sum = (pick: (act: DrillResult["acts"][number]) => number) =>
    acts.reduce((total, act) => total + pick(act), 0);
  const times = acts.map((act) => act.measure.rtoSeconds);
  const slowest = times.includes(undefined)
    ? "an outage that did not end"
    : `longest outage ${seconds(Math.max(0, ...times.map((time) => time ?? 0)))}`;
  return [
    plural(
      sum((act) => act.measure.requests),
      "request",
    ),
    plural(
      sum((act) => act.measure.ackedWrites),
      "acknowledged write",
    ),
    `${sum((act) => act.measure.lostWrites)} lost`,
    `${sum((act) => act.measure.unexplainedWrites)} unexplained`,
    slowest,
  ].join(" \u00b7 ");
}

function facts(result: DrillResult): Html {
  const { primary, mirror } = result.sites;
  const rows: readonly (readonly [string, string])[] = [
    ["Primary", `${primary.name}, on ${primary.title}`],
    ["Mirror", `${mirror.name}, on ${mirror.title}`],
    ["Brought up by", `the ${result.engine} engine, in ${seconds(result.upSeconds)}`],
    ["Whole drill", seconds(result.wallSeconds)],
    ...result.environment,
  ];
  return html`<section class="card" aria-labelledby="facts"><h2 id="facts">Where it ran</h2>
<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl></section>`;
}

function method(): Html {
  return html`<section class="card" aria-labelledby="method"><h2 id="method">How it was measured</h2>
<div class="method">
<p>A visitor in a process of its own asks the app for pages and writes to it at a steady rate, whether or not earlier answers have come. It finds the app by DNS and keeps an address for its TTL; its users' caches end at different times.</p>
<p><b>Recovery time</b> runs from the sending of the first failed request to the answer of the first of a run of good ones that lasts 3 s. Where there were several outages it is the longest. <b>Failed</b> is every request without a whole 2xx answer within the visitor's deadline.</p>
<p><b>Data lost</b> is how long before the outage the oldest lost write had been acknowledged. After each act the new side is asked for every write acknowledged so far: it is present, or counted <b>lost</b>; one that could not be asked for is <b>unexplained</b>.</p>
<p>Users whose programs keep a connection to the old side open beyond the TTL are not counted here.</p>
</div></section>`;
}
