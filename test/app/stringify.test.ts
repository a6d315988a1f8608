import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseApp } from "../../src/app/parse.ts";
import { stringifyApp } from "../../src/app/stringify.ts";
import { parseAppText } from "../../src/app/text.ts";
import { anyApp } from "./arbitrary.ts";

describe("a description as YAML", () => {
  it("gives the same description when it is read again, and the same text when written again", () => {
    fc.assert(
      fc.property(anyApp, (input) => {
        const app = parseApp(input);
        const text = stringifyApp(app);
        const again = parseAppText(text, "understudy.yaml");
        expect(again).toEqual(app);
        expect(stringifyApp(again)).toBe(text);
      }),
      { numRuns: 150 },
    );
  });

  it("leaves defaults out, but not what is there by being empty", () => {
    const app = parseApp({
      name: "guestbook",
      processes: { web: { http: {}, scale: { count: 1 } }, worker: {} },
      services: { db: { type: "postgres", link: { withoutKey: "refuse" } } },
    });
    expect(stringifyApp(app)).toBe(`name: guestbook
processes:
  web:
    http: {}
  worker: {}
services:
  db:
    type: postgres
`);
  });

  it("carries remarks, which change nothing", () => {
    const app = parseApp({ name: "guestbook", processes: { web: { command: "x" } }, config: { A: "1" } });
    const text = stringifyApp(app, [
      { path: [], text: "Made by hand." },
      { path: ["processes", "web", "command"], text: "One." },
      { path: ["processes", "web", "command"], text: "Two." },
      { path: ["processes", "gone"], text: "Moves up." },
      { path: ["config", "A"], text: "long ".repeat(50) },
    ]);
    expect(parseAppText(text, "understudy.yaml")).toEqual(app);
    expect(text).toContain("# Made by hand.\n\nname: guestbook");
    expect(text).toContain("# Moves up.\nprocesses:");
    expect(text).toContain("    # One.\n    # Two.\n    command: x");
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
  });
});
