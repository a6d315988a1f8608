import { describe, expect, it } from "vitest";
import { arrayText, sql } from "../../../src/data/postgres/sql.ts";

describe("SQL from a template", () => {
  it("quotes every value", () => {
    expect(sql`SELECT ${"it's \\"}, ${null}, ${7n}, ${true}, ${["a", null, 'b"\\']}`.text).toBe(
      `SELECT 'it''s \\', NULL, 7, true, '{"a",NULL,"b\\"\\\\"}'`,
    );
    expect(arrayText([])).toBe("{}");
  });
});
