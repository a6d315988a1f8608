import { describe, expect, it } from "vitest";
import { countRecent, rateOf } from "../../../src/data/postgres/progress.ts";

describe("the rate of writes", () => {
  const everySecond = (
    from: number,
    to: number,
    changes: number,
    before: Parameters<typeof countRecent>[0] = [],
  ) => {
    let recent = before;
    for (let second = from; second < to; second++) {
      recent = countRecent(recent, { changes, atMs: second * 1_000, beforeMs: (second - 1) * 1_000 });
    }
    return recent;
  };

  it("is that of the busiest moment of the last minute", () => {
    const busy = everySecond(1, 200, 50);
    expect(rateOf(busy)).toBeCloseTo(50, 0);
    expect(rateOf(everySecond(200, 230, 10, busy))).toBeCloseTo(50, 0);
    const later = everySecond(200, 300, 10, busy);
    expect(rateOf(later)).toBeCloseTo(10, 0);
    expect(later.length).toBeLessThan(20);
  });

  it("takes a backlog for what it is", () => {
    expect(rateOf(countRecent([], { changes: 60_000, atMs: 700_000, beforeMs: 100_000 }))).toBe(100);
    expect(rateOf(countRecent([], { changes: 3, atMs: 5, beforeMs: undefined }))).toBe(3);
    expect(rateOf([])).toBe(0);
  });
});
