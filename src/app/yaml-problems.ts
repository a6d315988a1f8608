import type { LineCounter, YAMLError } from "yaml";
import type { Problem } from "../base/problem.ts";

/** What the YAML parser found wrong with a file, each with its place and what to do. */
export function yamlProblems(
  errors: readonly YAMLError[],
  lines: LineCounter,
  file: string,
): readonly Problem[] {
  // The parser gives up on very deep files with as many errors as there are levels.
  if (errors.some((error) => /call stack|stack overflow/i.test(error.message))) {
    const suggestion = "Check that this is the file you mean.";
    return [{ code: "bad-yaml", message: "It is nested too deeply.", file, suggestion }];
  }
  return errors.map((error) => {
    const { line, col: column } = lines.linePos(error.pos[0]);
    if (error.code === "DUPLICATE_KEY") {
      const suggestion = "Keep one of the two.";
      return { code: "duplicate-key", message: "This key is there twice.", file, line, column, suggestion };
    }
    const [first = ""] = error.message.split("\n");
    return {
      code: "bad-yaml",
      message: `${first.replace(/ at line \d+, column \d+:?$/, "")}.`,
      file,
      line,
      column,
      suggestion: "Check indentation, quotes and brackets there.",
    };
  });
}
