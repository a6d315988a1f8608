import { expect, test } from "vitest";
import { renderReport } from "../../src/drill/report.ts";
import { type DrillResult, failuresOf, toDemoJson } from "../../src/drill/result.ts";
import { renderSummary } from "../../src/drill/summary.ts";
import { sampleResult } from "./sample.ts";

function withMeasure(change: Partial<DrillResult["acts"][number]["measure"]>): DrillResult {
  const [first, ...rest] = sampleResult.acts;
  if (first === undefined) throw new Error("the sample has no act");
  return { ...sampleResult, acts: [{ ...first, measure: { ...first.measure, ...change } }, ...rest] };
}

test("the report stands alone: no script, no outside address", () => {
  const page = renderReport(sampleResult);
  expect(page).not.toMatch(/<script|<link|<img|@import|url\(|https?:/i);
  expect(page.match(/<svg class="timeline"/g)).toHaveLength(3);
});

test("the same result gives the same report", () => {
  expect(renderReport(sampleResult)).toBe(renderReport(structuredClone(sampleResult)));
});

test("every tag that is opened is closed", () => {
  const open: string[] = [];
  const single = new Set(["meta", "rect", "line", "path", "circle"]);
  for (const [, slash, tag = "", selfClosed] of renderReport(sampleResult)
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/gi)) {
    if (slash === "/") expect(open.pop()).toBe(tag);
    else if (selfClosed !== "/" && !single.has(tag)) open.push(tag);
  }
  expect(open).toEqual([]);
});

test("names and notes can't break out of the page", () => {
  const evil = `"><script>alert(1)</script>`;
  const [first] = sampleResult.acts;
  if (first === undefined) throw new Error("the sample has no act");
  const steps = first.steps.map((step) => ({ ...step, title: evil, outcome: evil, detail: evil }));
  const page = renderReport({
    ...sampleResult,
    app: evil,
    sites: { primary: { name: evil, platform: evil, title: evil }, mirror: sampleResult.sites.mirror },
    environment: [[evil, evil]],
    acts: [{ ...first, from: evil, steps, notes: [evil] }],
  });
  expect(page).not.toContain("<script");
});

test("a drill without acts, steps or good answers still gives a report", () => {
  expect(renderReport({ ...sampleResult, acts: [] })).toContain("No act took place");
  const [first] = sampleResult.acts;
  if (first === undefined) throw new Error("the sample has no act");
  const bare = { ...first, steps: [], buckets: [], measure: { ...first.measure, latency: undefined } };
  const page = renderReport({ ...sampleResult, acts: [bare] });
  expect(page).not.toMatch(/NaN|Infinity|undefined/);
});

test("what was missed is said, in page and summary", () => {
  const missed = withMeasure({ rtoSeconds: undefined, unexplainedWrites: 2, lostWrites: 1 });
  const [act] = missed.acts;
  if (act === undefined) throw new Error("the sample has no act");
  expect(failuresOf(act, missed.objectives)).toEqual([
    "2 acknowledged writes could not be accounted for",
    "1 acknowledged writes were lost, 0 were declared",
    "requests did not recover while the drill watched",
  ]);
  expect(renderReport(missed)).toContain("Objectives missed in 1 of 3 acts");
  expect(renderSummary(missed)).toContain("graceful: requests did not recover while the drill watched.");
});

test("the summary has a column an act", () => {
  expect(renderSummary(sampleResult)).toMatchInlineSnapshot(`
    "guestbook: Heroku (primary) and Cloud Foundry (mirror), brought up in 22 s; drill 83 s

                                  graceful           failback         ungraceful
                          primary → mirror   mirror → primary   primary → mirror
    recovery time                    5.5 s              1.3 s             10.6 s
    decision to DNS                  1.7 s              1.7 s              3.7 s
    requests                         1,200              1,200              1,200
    failed                              95                 32                431
    acknowledged writes                505                568                381
    lost                                 0                  0   3 (declared: 11)
    unexplained                          0                  0                  0
    latency p50 / p95       9.6 ms / 14 ms     9.5 ms / 26 ms     9.3 ms / 14 ms
    objectives                         met                met                met"
  `);
});

test("the JSON has exactly the promised fields", () => {
  const json = toDemoJson(sampleResult);
  expect(Object.keys(json)).toEqual([
    "engine",
    "primary",
    "mirror",
    "upSeconds",
    "graceful",
    "failback",
    "ungraceful",
    "wallSeconds",
  ]);
  const act = [
    "rtoSeconds",
    "failedRequests",
    "requests",
    "ackedWrites",
    "lostWrites",
    "unexplainedWrites",
    "decisionToDnsMs",
  ];
  expect(Object.keys(json.graceful ?? {})).toEqual(act);
  expect(Object.keys(json.failback ?? {})).toEqual(act);
  expect(Object.keys(json.ungraceful ?? {})).toEqual([...act, "declaredLoss"]);
  expect(toDemoJson(withMeasure({ rtoSeconds: undefined })).graceful?.rtoSeconds).toBeNull();
});
