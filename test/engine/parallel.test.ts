import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunOptions } from "../../src/engine/stack-engine.ts";
import type { Call } from "./project.ts";
import { TestProject, until, watch } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

/** The most that were under way at once. */
function atOnce(calls: readonly Call[]): number {
  let [now, most] = [0, 0];
  for (const { method } of calls) {
    now += method === "create" ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

/** Runs the program in a stack of its own, where none is made before so many are under way; gives the most that were. */
async function mostWhere(underWay: number, stack: string, options: RunOptions = {}): Promise<number> {
  project.faults(Object.fromEntries(names.map((name) => [`create ${name}`, "wait" as const])));
  const calls = watch(project);
  const run = (await project.stack(stack)).up(options);
  await Promise.race([until(() => calls("create").length >= underWay), run]);
  project.faults({});
  await run;
  return atOnce(calls("create", "created"));
}

const names = Array.from({ length: 8 }, (_, index) => `t${index}`);

test("independent resources are made side by side, as many as asked for; dependent ones in order", async () => {
  const independent = names.map((name) => ({ name, inputs: { slowMs: 100 } }));
  project.write(independent);
  expect(await mostWhere(8, "wide")).toBe(8);
  expect(await mostWhere(2, "narrow", { parallel: 2 })).toBe(2);
  const chain = independent.map((resource, index) =>
    index === 0 ? resource : { ...resource, inputs: { slowMs: 50, value: { $ref: `t${index - 1}.arn` } } },
  );
  project.write(chain);
  expect(await mostWhere(1, "chain")).toBe(1);
});
