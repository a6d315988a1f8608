import { expect, it } from "vitest";
import { columns, wrap } from "../../src/cli/columns.ts";

it("breaks lines between words, and words that are too long", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
  expect(wrap("a\nb", 4)).toEqual(["a", "b"]);
});

it("aligns columns and wraps the last", () => {
  const rows = [
    { cells: ["ab", "c", "one two three four five six"] },
    { cells: ["a", "cd", ""], style: (cell: string, column: number) => (column === 0 ? `<${cell}>` : cell) },
  ];
  expect(columns(rows, 30)).toEqual(["  ab  c   one two three four five", "          six", "  <a>   cd"]);
});
