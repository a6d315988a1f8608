import { afterEach, beforeEach, expect, test } from "vitest";
import type { EngineEvent } from "../../src/engine/events.ts";
import { failing, logs, steps, TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

interface Exported {
  readonly id?: string;
  readonly urn: string;
  readonly initErrors?: readonly string[];
}

async function stored(name = "dev"): Promise<{
  readonly resources: readonly Exported[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: Exported }[];
}> {
  return JSON.parse(await (await project.stack(name)).export()).deployment;
}

test("one that fails stops its dependents only; nothing is deleted, and every error is told", async () => {
  const stack = await project.stack();
  project.write([{ name: "old" }]);
  await stack.up();
  project.write([
    { name: "bad" },
    { name: "worse" },
    { name: "child", inputs: { value: { $ref: "bad.arn" } } },
    { name: "after", options: { dependsOn: ["worse"] } },
    { name: "free", inputs: { slowMs: 300 } },
  ]);
  project.faults({ "create bad": "fail", "create worse": "fail" });
  project.calls();
  const error = await failing(stack.up());
  // Which of the two is told first is not said.
  const told = error.errors.map(({ urn, message }) => `${urn?.split("::").at(-1)}: ${message}`);
  expect(told.toSorted()).toEqual([
    "bad: the cloud refused to create bad",
    "worse: the cloud refused to create worse",
  ]);
  expect(steps(error.summary)).toEqual(["create free"]);
  expect(project.calls("created", "delete").map(({ method, name }) => `${method} ${name}`)).toEqual([
    "created free",
  ]);
  expect((await stored()).pending_operations).toBeUndefined();

  project.faults({});
  expect(steps(await stack.up())).toEqual([
    "create after",
    "create bad",
    "create child",
    "create worse",
    "delete old",
  ]);
});

test("a create that got half-way keeps its id, and the next up goes on with it", async () => {
  const stack = await project.stack();
  project.write([{ name: "a" }]);
  project.faults({ "create a": "partial" });
  const error = await failing(stack.up());
  expect(error.errors[0]?.message).toContain("it is not healthy");
  const [thing] = project.things();
  const half = (await stored()).resources.find(({ urn }) => urn.endsWith("::a"));
  expect(half).toMatchObject({ id: thing?.id, initErrors: ["it is not healthy"] });
  project.faults({});
  expect(steps(await stack.up())).toEqual(["update a"]);
  expect(project.things().map(({ id }) => id)).toEqual([thing?.id]);
  expect((await stored()).resources.find(({ urn }) => urn.endsWith("::a"))?.initErrors).toBeUndefined();
  expect(steps(await stack.up())).toEqual([]);
});

test("a failed update or delete leaves the state as it was, so that it is done again", async () => {
  const stack = await project.stack();
  project.write([
    { name: "a", inputs: { value: 1 } },
    { name: "b" },
    { name: "needed" },
    { name: "c", inputs: { value: { $ref: "needed.arn" } } },
  ]);
  await stack.up();
  project.write([{ name: "a", inputs: { value: 2 } }]);
  project.faults({ "update a": "fail" });
  await failing(stack.up());
  project.faults({ "delete c": "fail" });
  const error = await failing(stack.up());
  // What the failed one needs stays; the others go.
  expect(steps(error.summary)).toEqual(["delete b", "update a"]);
  project.faults({});
  expect(steps(await stack.up())).toEqual(["delete c", "delete needed"]);
});

test("a plugin that dies in a create leaves a word for the next run", async () => {
  const stack = await project.stack();
  project.write([{ name: "a" }]);
  project.faults({ "create a": "crash-after" });
  const error = await failing(stack.up());
  expect(error.errors[0]?.message).toContain("The plugin went away during the call");
  expect(project.things()).toHaveLength(1);
  expect((await stored()).pending_operations).toMatchObject([{ type: "creating" }]);

  project.faults({});
  const events: EngineEvent[] = [];
  await stack.preview({ onEvent: (event) => events.push(event) });
  expect(logs(events)).toContain(
    "while it was creating testcloud:index:Thing 'a', so that it may exist already",
  );
  const [thing] = project.things();
  project.write([{ name: "a", inputs: {}, options: { import: thing?.id } }]);
  expect(steps(await stack.up())).toEqual(["import a"]);
  expect((await stored()).pending_operations).toBeUndefined();
  expect(project.things()).toHaveLength(1);
});

test("what the engine lacks is refused by name", async () => {
  project.write([
    { name: "a", options: { replacementTrigger: "now" } },
    { name: "b", options: { customTimeouts: { create: "soon" } } },
    { name: "twin" },
    { name: "twin" },
  ]);
  const error = await failing((await project.stack()).up());
  const messages = error.errors.map(({ message }) => message).join("\n");
  expect(messages).toContain("does not support the option replacementTrigger");
  expect(messages).toContain("customTimeouts.create is 'soon', which is no duration");
  expect(messages).toContain("Two resources of type testcloud:index:Thing are called 'twin'");
});

test.for([
  ["transforms", `new Thing("a", {}, { transforms: [(args) => undefined] });`],
  ["resource hooks", `new Thing("a", {}, { hooks: { beforeCreate: [() => {}] } });`],
  ["stack transforms", `pulumi.runtime.registerResourceTransform(() => undefined);`],
])("a program that needs %s is told so", async ([, line]) => {
  using other = new TestProject({
    program: `import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.CustomResource {
  constructor(name: string, args: object, options: object) {
    super("testcloud:index:Thing", name, args, options);
  }
}
${line}
`,
  });
  const error = await failing((await other.stack()).up());
  expect(error.errors.map(({ message }) => message).join()).toMatch(/does not support/);
  expect(other.things()).toEqual([]);
});

test("a program that can't be run says why", async () => {
  using broken = new TestProject({ program: "export const x: = 1;" });
  const error = await failing((await broken.stack()).up());
  expect(error.errors[0]?.message).toContain("index.ts");
  using missing = new TestProject({ yaml: "name: shop\nruntime: nodejs\nmain: nowhere.ts\n" });
  await expect(missing.stack()).rejects.toThrow(expect.objectContaining({ code: "no-program" }));
});

test("a package without a plugin is named", async () => {
  using bare = new TestProject({
    yaml: "name: shop\nruntime: { name: nodejs, options: { typescript: false } }\nmain: index.ts\n",
    env: { PULUMI_HOME: "/nonexistent" },
  });
  bare.write([{ name: "a" }]);
  const error = await failing((await bare.stack()).up());
  expect(error.errors.map(({ message }) => message).join("\n")).toContain(
    "There is no plugin for the package 'testcloud'",
  );
});
