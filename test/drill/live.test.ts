import { expect, test } from "vitest";
import { count, dateTime, milliseconds, plural, seconds } from "../../src/drill/format.ts";
import { liveView } from "../../src/drill/live.ts";
import type { RequestRecord } from "../../src/drill/request.ts";

function request(at: number, address: string, ok = true): RequestRecord {
  return { at, kind: "read", ok, outcome: ok ? "200" : "503", latencyMs: 5, address };
}

test("the live view counts the last reported second and names who served it, the busiest first", () => {
  const requests = [
    request(1_000, "127.0.0.1", false),
    request(9_000, "127.0.0.1"),
    request(9_100, "127.0.0.2"),
    request(9_200, "127.0.0.2"),
    request(9_300, "127.0.0.1", false),
    request(9_900, "127.0.0.3"),
  ];
  expect(liveView(requests, 10_000, 2_000)).toEqual({
    good: 3,
    failing: 1,
    failed: 1,
    addresses: ["127.0.0.2", "127.0.0.1"],
  });
  expect(liveView([], 10_000, 0)).toEqual({ good: 0, failing: 0, failed: 0, addresses: [] });
});

test("figures are as exact as they are useful", () => {
  expect([0, 0.244, 4.21, 5, 74.6].map(seconds)).toEqual([
    "0\u202fs",
    "0.24\u202fs",
    "4.2\u202fs",
    "5\u202fs",
    "75\u202fs",
  ]);
  expect([0, 0.42, 38.4, 1_234].map(milliseconds)).toEqual([
    "0\u202fms",
    "0.4\u202fms",
    "38\u202fms",
    "1.2\u202fs",
  ]);
  expect(count(1_234_567)).toBe("1,234,567");
  expect([1, 2].map((value) => plural(value, "act"))).toEqual(["1 act", "2 acts"]);
  expect(dateTime(Date.UTC(2026, 10, 5, 14, 5))).toBe("5 November 2026, 14:05 UTC");
});
