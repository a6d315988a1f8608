import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { covers, parseSnapshot } from "../../../src/data/postgres/position.ts";

describe("a position", () => {
  it("covers another when it sees all that the other sees", () => {
    expect(covers("10:10:", "10:10:")).toBe(true);
    expect(covers("10:12:", "10:10:")).toBe(true);
    expect(covers("10:10:", "10:12:10,11")).toBe(true);
    expect(covers("10:10:", "10:12:11")).toBe(false);
    expect(covers("5:20:5", "6:10:")).toBe(false);
    expect(covers("5:20:5", "5:10:5,7")).toBe(true);
    expect(covers("5:5:", "5:9007199254740993000:")).toBe(false);
    expect(() => parseSnapshot("0/16B3748")).toThrow(/not a position/);
  });

  it("agrees with the definition, one transaction at a time", () => {
    const snapshot = fc
      .tuple(fc.nat(8), fc.nat(8), fc.uniqueArray(fc.nat(7)))
      .map(([xmin, length, running]) => {
        const xmax = xmin + length;
        const ids = running.map((id) => xmin + id).filter((id) => id < xmax);
        return {
          text: `${xmin}:${xmax}:${ids.join(",")}`,
          sees: (id: number) => id < xmax && !ids.includes(id),
        };
      });
    fc.assert(
      fc.property(snapshot, snapshot, (later, earlier) => {
        const all = Array.from({ length: 20 }, (_, id) => id);
        expect(covers(later.text, earlier.text)).toBe(all.every((id) => !earlier.sees(id) || later.sees(id)));
      }),
    );
  });
});
