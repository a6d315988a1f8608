import { describe, expect, it } from "vitest";
import { nextValues } from "../../../src/data/postgres/sequences.ts";

describe("sequences at a promotion", () => {
  const own = (last: string | null, increment = "1", max = "9223372036854775807", min = "1") => ({
    last,
    increment,
    min,
    max,
  });

  it("go on exactly where a fenced source stood", () => {
    expect(nextValues({ values: { a: "41", gone: "1" }, final: true }, { a: own(null) })).toEqual({
      values: { a: "41" },
      notes: ["sequence gone is at the source only and could not be set"],
    });
  });

  it("are set past what was last seen when the source can't be asked, but never past their end, nor back", () => {
    const { values, notes } = nextValues(
      { values: { up: "41", down: "-5", full: "32000", ahead: "3" }, final: false },
      {
        up: own("1", "5"),
        down: own(null, "-1", "-1", "-9000"),
        full: own("1", "1", "32767"),
        ahead: own("900000"),
      },
    );
    expect(values).toEqual({ up: "50041", down: "-9000", full: "32767", ahead: "900000" });
    expect(notes).toHaveLength(3);
  });
});
