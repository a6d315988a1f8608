import { afterEach, beforeEach, expect, test } from "vitest";
import type { Call } from "./project.ts";
import { TestProject } from "./project.ts";

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

test("independent resources are made side by side, as many as asked for; dependent ones in order", async () => {
  const independent = Array.from({ length: 8 }, (_, index) => ({
    name: `t${index}`,
    inputs: { slowMs: 400 },
  }));
  project.write(independent);
  await (await project.stack("wide")).up();
  expect(atOnce(project.calls("create", "created"))).toBeGreaterThan(4);
  await (await project.stack("narrow")).up({ parallel: 2 });
  expect(atOnce(project.calls("create", "created"))).toBe(2);
  const chain = independent.map((resource, index) =>
    index === 0 ? resource : { ...resource, inputs: { slowMs: 50, value: { $ref: `t${index - 1}.arn` } } },
  );
  project.write(chain);
  await (await project.stack("chain")).up();
  expect(atOnce(project.calls("create", "created"))).toBe(1);
});
