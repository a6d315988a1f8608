import { afterEach, beforeEach, expect, test } from "vitest";
import { failing, steps, TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

test("creates, leaves alone, updates, replaces and deletes", async () => {
  const stack = await project.stack();
  project.write({
    resources: [
      { name: "a", inputs: { value: 1 } },
      { name: "b", inputs: { value: { $ref: "a.arn" } } },
      { name: "c", inputs: { value: "x", kind: "small" } },
    ],
    outputs: { arn: { $ref: "a.arn" }, all: [{ $ref: "b.generation" }] },
  });
  const first = await stack.up();
  expect(steps(first)).toEqual(["create a", "create b", "create c"]);
  const idOfA = project.things().find(({ inputs }) => inputs.value === 1)?.id;
  expect(first.outputs).toEqual({
    arn: { value: `arn:none:${idOfA}`, secret: false },
    all: { value: [1], secret: false },
  });

  const second = await stack.up();
  expect(steps(second)).toEqual([]);
  expect(second.outputs).toEqual(first.outputs);

  project.calls();
  project.write([
    { name: "a", inputs: { value: 2 } },
    { name: "c", inputs: { value: "x", kind: "large" } },
  ]);
  const third = await stack.up();
  expect(steps(third)).toEqual(["delete b", "replace c", "update a"]);
  const order = project.calls("created", "delete").map(({ method, name }) => `${method} ${name}`);
  // The new one is there before the old one goes.
  expect(order.indexOf("created c")).toBeLessThan(order.indexOf("delete c"));
  expect(
    project
      .things()
      .map(({ inputs }) => inputs.kind ?? inputs.value)
      .sort(),
  ).toEqual([2, "large"]);
  expect(await stack.outputs()).toEqual({});
});

test("deletes dependents before what they depend on, and only after the program ended well", async () => {
  const stack = await project.stack();
  project.write([
    { name: "base" },
    { name: "middle", inputs: { value: { $ref: "base.arn" } } },
    { name: "top", options: { dependsOn: ["middle"] } },
  ]);
  await stack.up();
  project.calls();
  project.write({ resources: [], throws: "no mind to" });
  const error = await failing(stack.up());
  expect(error.errors.map(({ message }) => message).join()).toContain("no mind to");
  expect(project.calls("delete")).toEqual([]);
  project.write({ resources: [], exits: 3 });
  await failing(stack.up());
  expect(project.calls("delete")).toEqual([]);
  project.write([]);
  await stack.up();
  expect(project.calls("delete", "deleted").map(({ method, name }) => `${method} ${name}`)).toEqual([
    "delete top",
    "deleted top",
    "delete middle",
    "deleted middle",
    "delete base",
    "deleted base",
  ]);
  expect(project.things()).toEqual([]);
});

test("destroy removes what the stack made, and nothing else", async () => {
  const stack = await project.stack();
  const other = await project.stack("other");
  project.write([{ name: "a" }, { name: "b", inputs: { value: { $ref: "a.arn" } } }]);
  await stack.up();
  await other.up();
  const kept = new Set(
    (JSON.parse(await other.export()).deployment.resources as { id?: string }[]).map(({ id }) => id),
  );
  const summary = await stack.destroy();
  expect(steps(summary)).toEqual(["delete a", "delete b"]);
  expect(project.things().every(({ id }) => kept.has(id))).toBe(true);
  expect(project.things()).toHaveLength(2);
  expect(JSON.parse(await stack.export()).deployment.resources).toEqual([]);
});

test("refresh sees drift, forgets what is gone, and the next up mends both", async () => {
  const stack = await project.stack();
  project.write([
    { name: "a", inputs: { value: 1 } },
    { name: "b", inputs: { value: 2 } },
  ]);
  await stack.up();
  project.meddle((thing) =>
    thing.inputs.value === 2 ? undefined : { ...thing, inputs: { ...thing.inputs, value: 9 } },
  );
  const refreshed = await stack.refresh();
  expect(steps(refreshed)).toEqual(["delete b", "refresh a"]);
  const [drift] = refreshed.steps.flatMap(({ changes }) => changes);
  expect(drift).toEqual({ path: "value", kind: "update", replaces: false, before: 1, after: 9 });
  expect(steps(await stack.up())).toEqual(["create b", "update a"]);
  expect(
    project
      .things()
      .map(({ inputs }) => inputs.value)
      .sort(),
  ).toEqual([1, 2]);
});

test("components hold children, whose types name them", async () => {
  const stack = await project.stack();
  project.write([
    { name: "g", kind: "group" },
    { name: "inner", kind: "group", options: { parent: "g" } },
    { name: "a", options: { parent: "inner" } },
  ]);
  await stack.up();
  const urns = (JSON.parse(await stack.export()).deployment.resources as { urn: string }[]).map(
    ({ urn }) => urn,
  );
  expect(urns).toContain("urn:pulumi:dev::shop::test:index:Group$test:index:Group$testcloud:index:Thing::a");
  expect(steps(await stack.up())).toEqual([]);
});

test("no plugin outlives the run", async () => {
  const stack = await project.stack();
  project.write([{ name: "a" }]);
  await stack.up();
  const pids = project.plugins();
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});
