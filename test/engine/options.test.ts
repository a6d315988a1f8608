import { afterEach, beforeEach, expect, test } from "vitest";
import { failing, steps, TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

interface Exported {
  readonly urn: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

async function resource(name: string): Promise<Exported | undefined> {
  const { deployment } = JSON.parse(await (await project.stack()).export());
  return (deployment.resources as Exported[]).find(({ urn }) => urn.endsWith(`::${name}`));
}

test("ignoreChanges, replaceOnChanges, hideDiffs and customTimeouts", async () => {
  const stack = await project.stack();
  const resources = (value: number, label: string) => [
    {
      name: "ignoring",
      inputs: { value, list: [{ a: value, b: 1 }] },
      options: { ignoreChanges: ["value", "list[*].a"] },
    },
    { name: "replacing", inputs: { value }, options: { replaceOnChanges: ["value"] } },
    {
      name: "engine",
      inputs: { engineDiff: true, deep: { value } },
      options: { replaceOnChanges: ["deep.*"] },
    },
    { name: "hiding", inputs: { value, label }, options: { hideDiffs: ["value"] } },
    { name: "timed", options: { customTimeouts: { create: "1m30s" } } },
  ];
  project.write(resources(1, "x"));
  await stack.up();
  expect(project.calls("created").find(({ name }) => name === "timed")?.timeout).toBe(90);
  expect((await resource("timed"))?.customTimeouts).toEqual({ create: 90 });
  project.write(resources(2, "y"));
  const second = await stack.up();
  expect(steps(second)).toEqual(["replace engine", "replace replacing", "update hiding"]);
  const hiding = second.steps.find(({ name }) => name === "hiding");
  expect(hiding?.changes.map(({ path }) => path)).toEqual(["label"]);
  expect((await resource("ignoring"))?.inputs).toMatchObject({ value: 1, list: [{ a: 1, b: 1 }] });
});

test("deleteBeforeReplace takes along those that would be replaced too, and no others", async () => {
  const stack = await project.stack();
  const resources = (kind: string) => [
    { name: "root", inputs: { kind }, options: { deleteBeforeReplace: true } },
    // Its name comes from the root, and a change of name replaces.
    { name: "named", inputs: { name: { $ref: "root.arn" } } },
    { name: "valued", inputs: { value: { $ref: "root.arn" } } },
    { name: "leaf", inputs: { name: { $ref: "named.arn" } } },
  ];
  project.write(resources("small"));
  await stack.up();
  project.calls();
  project.write(resources("large"));
  await stack.up();
  const order = project.calls("deleted", "created", "update").map(({ method, name }) => `${method} ${name}`);
  expect(order.slice(0, 4)).toEqual(["deleted leaf", "deleted named", "deleted root", "created root"]);
  expect(order.slice(4).sort()).toEqual(["created leaf", "created named", "update valued"]);
  expect(project.things()).toHaveLength(4);
  expect(steps(await stack.up())).toEqual([]);
});

test("what was deleted to be replaced and is not wanted any more is forgotten", async () => {
  const stack = await project.stack();
  project.write([
    { name: "root", inputs: { kind: "small", deleteFirst: true } },
    { name: "named", inputs: { name: { $ref: "root.arn" } } },
  ]);
  await stack.up();
  project.write([{ name: "root", inputs: { kind: "large", deleteFirst: true } }]);
  project.faults({ "create root": "fail" });
  await failing(stack.up());
  expect(project.things()).toEqual([]);
  expect((await resource("named"))?.pendingReplacement).toBe(true);
  project.faults({});
  expect(steps(await stack.up())).toEqual(["discard named", "replace root"]);
  expect(project.things()).toHaveLength(1);
});

test("protect keeps from deletion and replacement, until it is taken off", async () => {
  const stack = await project.stack();
  project.write([{ name: "a", inputs: { kind: "small" }, options: { protect: true } }, { name: "b" }]);
  await stack.up();
  project.write([{ name: "a", inputs: { kind: "large" }, options: { protect: true } }, { name: "b" }]);
  expect((await failing(stack.up())).errors[0]?.message).toContain("A protected resource would be replaced");
  project.write([{ name: "b" }]);
  expect((await failing(stack.up())).errors[0]?.message).toContain("would be deleted, but is protected");
  const error = await failing(stack.destroy());
  expect(error.errors[0]?.message).toContain("would be deleted, but is protected");
  expect(project.things()).toHaveLength(2);
  project.write([{ name: "a", inputs: { kind: "large" }, options: { protect: false } }, { name: "b" }]);
  expect(steps(await stack.up())).toEqual(["replace a"]);
  expect(steps(await stack.destroy())).toEqual(["delete a", "delete b"]);
});

test("retainOnDelete and deletedWith forget without deleting", async () => {
  const stack = await project.stack();
  project.write([
    { name: "kept", inputs: { value: "kept" }, options: { retainOnDelete: true } },
    { name: "whole", inputs: { value: "whole" } },
    { name: "part", inputs: { value: "part" }, options: { deletedWith: "whole" } },
    { name: "lone", inputs: { value: "lone" }, options: { deletedWith: "whole" } },
  ]);
  await stack.up();
  project.write([{ name: "whole", inputs: { value: "whole" } }]);
  project.calls();
  await stack.up();
  // The whole stays, so its parts go by themselves.
  expect(
    project
      .calls("delete")
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["lone", "part"]);
  project.write([
    { name: "whole", inputs: { value: "whole" } },
    { name: "part", inputs: { value: "part" }, options: { deletedWith: "whole" } },
  ]);
  await stack.up();
  project.calls();
  await stack.destroy();
  expect(project.calls("delete").map(({ name }) => name)).toEqual(["whole"]);
  expect(
    project
      .things()
      .map(({ inputs }) => inputs.value)
      .sort(),
  ).toEqual(["kept", "part"]);
});

test("aliases carry a resource over to a new name, type or parent, with its children", async () => {
  const stack = await project.stack();
  project.write([
    { name: "old" },
    { name: "old-group", kind: "group" },
    { name: "old-group-a", options: { parent: "old-group" } },
    { name: "moved" },
  ]);
  await stack.up();
  const ids = project
    .things()
    .map(({ id }) => id)
    .sort();
  project.write([
    { name: "new", options: { aliases: [{ name: "old" }] } },
    { name: "new-group", kind: "group", options: { aliases: [{ name: "old-group" }] } },
    { name: "new-group-a", options: { parent: "new-group" } },
    { name: "moved", options: { parent: "new-group", aliases: [{ parent: null }] } },
  ]);
  const summary = await stack.up();
  // The child's own name started with its parent's, and its inputs did not change.
  expect(steps(summary).filter((step) => !step.endsWith("moved"))).toEqual([]);
  expect(project.things().map(({ id }) => id)).toEqual(
    expect.arrayContaining(ids.filter((id) => !id.startsWith("moved"))),
  );
  expect((await resource("new-group-a"))?.parent).toBe("urn:pulumi:dev::shop::test:index:Group::new-group");
});

test("import adopts what exists, and refuses what would replace it", async () => {
  const stack = await project.stack();
  const other = await project.stack("other");
  project.write([{ name: "made", inputs: { name: "fixed", value: 1, kind: "small" } }]);
  await other.up();
  const id = project.things()[0]?.id;
  project.write([{ name: "a", inputs: { name: "fixed", value: 2, kind: "large" }, options: { import: id } }]);
  const refused = await failing(stack.up());
  expect(refused.errors[0]?.message).toContain("An imported resource would be replaced");
  project.write([{ name: "a", inputs: { name: "fixed", value: 2, kind: "small" }, options: { import: id } }]);
  expect(steps(await stack.up())).toEqual(["update a"]);
  expect(project.things()).toMatchObject([{ id, inputs: { value: 2 } }]);
  expect(steps(await stack.up())).toEqual([]);
  project.write([{ name: "b", options: { import: "nothing" } }]);
  expect((await failing(stack.preview())).errors[0]?.message).toContain("to import");
});

test("additionalSecretOutputs and echoes of secrets are secret in the outputs", async () => {
  const stack = await project.stack();
  project.write({
    resources: [
      {
        name: "a",
        inputs: { value: 1, password: { $secret: "p4ssw0rd-long" } },
        options: { additionalSecretOutputs: ["arn"] },
      },
    ],
    outputs: {
      arn: { $ref: "a.arn" },
      password: { $ref: "a.password" },
      url: { $ref: "a.url" },
      value: { $ref: "a.value" },
    },
  });
  const { outputs } = await stack.up();
  expect(Object.fromEntries(Object.entries(outputs).map(([name, { secret }]) => [name, secret]))).toEqual({
    arn: true,
    password: true,
    url: true,
    value: false,
  });
  expect(outputs.url?.value).toBe("https://user:p4ssw0rd-long@example.test/");
});
