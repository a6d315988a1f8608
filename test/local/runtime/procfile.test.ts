import { expect, test } from "vitest";
import { parseProcfile } from "../../../src/local/runtime/procfile.ts";

test("reads types and commands, whatever stands between them", () => {
  const text =
    "\r\n# a comment\r\nweb:  node web.js --port $PORT \r\n\nworker_2 : bin/work: now\nnot a line\nweb: node last.js\n";
  expect(parseProcfile(text)).toEqual({ web: "node last.js", worker_2: "bin/work: now" });
});

test("an empty Procfile has no types", () => {
  expect(parseProcfile("")).toEqual({});
});
