import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { StepInfo } from "../../src/engine/events.ts";
import { failing, steps, TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

function changesOf(all: readonly StepInfo[], name: string): readonly unknown[] {
  return all.find((step) => step.name === name)?.changes ?? [];
}

test("says what up would do, property by property, and does none of it", async () => {
  const stack = await project.stack();
  const fresh = await stack.preview();
  expect(fresh.counts.create).toBe(1);
  await expect(stack.outputs()).rejects.toThrow(expect.objectContaining({ code: "no-stack" }));

  project.write([
    { name: "a", inputs: { value: 1, password: { $secret: "old-password" } } },
    { name: "b", inputs: { value: { $ref: "a.arn" }, kind: "small" } },
    { name: "c" },
  ]);
  await stack.up();
  const before = readFileSync(stack.statePath, "utf8");
  const things = project.things();
  project.calls();
  project.write({
    resources: [
      { name: "a", inputs: { value: 2, password: { $secret: "new-password" } } },
      { name: "b", inputs: { value: { $ref: "a.arn" }, kind: "large" } },
      { name: "d", inputs: { value: { $ref: "b.arn" } } },
    ],
    outputs: { arn: { $ref: "d.arn" }, password: { $ref: "a.password" } },
  });
  const planned = await stack.preview();
  expect(steps(planned)).toEqual(["create d", "delete c", "replace b", "update a"]);
  expect(changesOf(planned.steps, "a")).toEqual([
    { path: "password", kind: "update", replaces: false, before: "[secret]", after: "[secret]" },
    { path: "value", kind: "update", replaces: false, before: 1, after: 2 },
  ]);
  expect(changesOf(planned.steps, "b")).toEqual([
    { path: "kind", kind: "update", replaces: true, before: "small", after: "large" },
    expect.objectContaining({ path: "value", after: "<computed>" }),
  ]);
  expect(planned.outputs.arn).toEqual({ value: "<computed>", secret: false });
  expect(planned.outputs.password?.secret).toBe(true);
  expect(JSON.stringify(planned.steps)).not.toMatch(/(old|new)-password/);

  expect(readFileSync(stack.statePath, "utf8")).toBe(before);
  expect(project.things()).toEqual(things);
  // The plugin can foresee, so it was asked; never in earnest.
  const calls = project.calls("create", "update", "delete");
  expect(calls.length).toBeGreaterThan(0);
  expect(calls.every(({ preview }) => preview === true)).toBe(true);
});

test("asks nothing of a plugin that can't foresee", async () => {
  using blind = new TestProject({ env: { TESTCLOUD_NO_PREVIEW: "1" } });
  const stack = await blind.stack();
  blind.write({
    resources: [{ name: "a", inputs: { value: 1 } }],
    outputs: { value: { $ref: "a.value" }, arn: { $ref: "a.arn" } },
  });
  const planned = await stack.preview();
  expect(steps(planned)).toEqual(["create a"]);
  // Inputs are known already; what the cloud gives is not.
  expect(planned.outputs.value?.value).toBe(1);
  expect(planned.outputs.arn?.value).toBe("<computed>");
  expect(blind.calls("create")).toEqual([]);
});

test("a provider whose configuration is not known yet is not asked", async () => {
  project.write([
    { name: "a" },
    { name: "p", kind: "provider", inputs: { region: { $ref: "a.arn" } } },
    { name: "b", options: { provider: "p" } },
  ]);
  const planned = await (await project.stack()).preview();
  expect(steps(planned)).toEqual(["create a", "create b"]);
  expect(project.calls("create").map(({ name }) => name)).toEqual(["a"]);
});

test("bad inputs are found before anything is done", async () => {
  project.write([{ name: "good" }, { name: "bad", inputs: { invalid: true } }]);
  const error = await failing((await project.stack()).preview());
  expect(error.errors).toEqual([
    { urn: "urn:pulumi:dev::shop::testcloud:index:Thing::bad", message: "invalid: must not be true" },
  ]);
});
