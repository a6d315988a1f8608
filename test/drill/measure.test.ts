import fc from "fast-check";
import { expect, test } from "vitest";
import { lastingMs, measure, percentile } from "../../src/drill/measure.ts";
import type { RequestRecord } from "../../src/drill/request.ts";

function request(at: number, ok: boolean, latencyMs = 0): RequestRecord {
  return { at, ok, latencyMs, kind: "read", outcome: ok ? "200" : "503", address: "127.0.0.1" };
}

/** A request every 100 ms; `.` is a good one, `x` a failed one. */
function stream(text: string): readonly RequestRecord[] {
  return [...text].map((mark, index) => request(index * 100, mark === "."));
}

function measureStream(text: string) {
  return measure(stream(text), { startAt: 0, endAt: text.length * 100 });
}

const good = (seconds: number) => ".".repeat(seconds * 10);

test("no failure is no outage", () => {
  expect(measureStream(good(5))).toMatchObject({ outages: [], rtoSeconds: 0, failedRequests: 0 });
});

test("an outage lasts from the first failure to the first of a lasting good run", () => {
  expect(measureStream(`${good(1)}xxxxx${good(4)}`).outages).toEqual([{ from: 1000, to: 1500 }]);
});

test("good requests between failures don't end an outage unless they last", () => {
  expect(measureStream(`${good(1)}x${good(2)}x${good(4)}`).outages).toEqual([{ from: 1000, to: 3200 }]);
  expect(measureStream(`${good(1)}x${good(4)}x${good(4)}`).outages).toEqual([
    { from: 1000, to: 1100 },
    { from: 5100, to: 5200 },
  ]);
});

test("an early hiccup does not hide a later, longer outage", () => {
  expect(measureStream(`x${good(4)}${"x".repeat(50)}${good(4)}`).rtoSeconds).toBe(5);
});

test("an outage without a lasting good run at the end has no recovery time", () => {
  expect(measureStream(`${good(1)}x${good(2)}`)).toMatchObject({
    rtoSeconds: undefined,
    outages: [{ from: 1000, to: undefined }],
  });
  expect(measureStream(`${good(1)}xxx`).rtoSeconds).toBeUndefined();
});

test("the answer, not the sending, of a slow first good request ends an outage", () => {
  const requests = [request(0, false), request(100, true, 2_000), request(3_200, true)];
  expect(measure(requests, { startAt: 0, endAt: 4_000 }).outages).toEqual([{ from: 0, to: 2_100 }]);
});

const requests = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 30_000 }),
    ok: fc.boolean(),
    latencyMs: fc.integer({ min: 0, max: 5_000 }),
    kind: fc.constantFrom("read" as const, "write" as const),
    outcome: fc.constant("200"),
    address: fc.constant("127.0.0.1"),
  }),
);
const span = { startAt: 0, endAt: 40_000 };

test("every failure lies in exactly one outage, and outages do not touch", () => {
  fc.assert(
    fc.property(requests, (records) => {
      const { outages, failedRequests } = measure(records, span);
      const failures = records.filter((record) => !record.ok);
      expect(failedRequests).toBe(failures.length);
      for (const failure of failures) {
        const around = outages.filter(
          ({ from, to }) => from <= failure.at && failure.at <= (to ?? Number.POSITIVE_INFINITY),
        );
        // The end is the answer of the first good request, which may come after the next outage began.
        expect(around.length).toBeGreaterThanOrEqual(1);
      }
      for (const [index, outage] of outages.entries()) {
        const next = outages[index + 1];
        expect(failures.some((failure) => failure.at === outage.from)).toBe(true);
        if (next !== undefined) expect(next.from - outage.from).toBeGreaterThanOrEqual(lastingMs);
      }
    }),
  );
});

test("the order in which outcomes are reported changes nothing", () => {
  fc.assert(
    fc.property(requests, (records) => {
      const unique = [...new Map(records.map((record) => [record.at, record])).values()];
      expect(measure(unique.toReversed(), span)).toEqual(measure(unique, span));
    }),
  );
});

test("a good request more never makes recovery later", () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 0, max: 30_000 }), (records, at) => {
      const before = measure(records, span).rtoSeconds ?? Number.POSITIVE_INFINITY;
      const after = measure([...records, request(at, true)], span).rtoSeconds ?? Number.POSITIVE_INFINITY;
      expect(after).toBeLessThanOrEqual(before);
    }),
  );
});

test("a percentile is one of the values, with at least that share at or below it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const found = percentile(sorted, share) ?? Number.NaN;
        expect(sorted).toContain(found);
        expect(sorted.filter((value) => value <= found).length).toBeGreaterThanOrEqual(
          sorted.length * share - 1e-9,
        );
      },
    ),
  );
  expect(percentile([], 0.5)).toBeUndefined();
});
