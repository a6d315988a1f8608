import { expect, it } from "vitest";
import { nearest } from "../../src/base/nearest.ts";

it.each([
  ["comand", ["command", "count"], "command"],
  ["health_check", ["healthCheck", "http"], "healthCheck"],
  ["prot", ["port", "path"], "port"],
  ["zebra", ["command", "count"], undefined],
  ["x", [], undefined],
])("%s among %j: %s", (word, known, expected) => {
  expect(nearest(word, known)).toBe(expected);
});
