import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EngineEvent } from "../../src/engine/events.ts";
import type { Stack } from "../../src/engine/stack.ts";
import { logs, steps, TestProject, until, watch } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

const engine = fileURLToPath(new URL("./fixtures/engine-process.ts", import.meta.url));

function start(env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [engine, project.folder], {
    env: { ...project.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function killHard(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
  // The program and the plugin notice that their engine is gone.
  await until(() => project.plugins().every((pid) => !isAlive(pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Exported {
  readonly resources: readonly { readonly id?: string; readonly type: string; readonly delete?: boolean }[];
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string };
  }[];
}

async function stored(stack: Stack): Promise<Exported> {
  return JSON.parse(await stack.export()).deployment;
}

function idsOf({ resources }: Exported): readonly string[] {
  return resources.flatMap(({ id, type }) => (type.startsWith("testcloud:") && id !== undefined ? [id] : []));
}

test("an engine killed in the midst of an up has lost nothing and makes nothing twice", async () => {
  const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
  project.write(names.map((name, index) => ({ name, inputs: { slowMs: index % 4 === 3 ? 60_000 : 20 } })));
  const stack = await project.stack();
  const calls = watch(project);
  const child = start({ TEST_PARALLEL: "4" });
  // Nine are quick; three keep their slots busy.
  await until(() => calls("created").length >= 6 && calls("create").length > calls("created").length);
  await killHard(child);

  const state = await stored(stack);
  const pending = (state.pending_operations ?? []).map(
    ({ type, resource }) => `${type} ${resource.urn.split("::").at(-1)}`,
  );
  // What the cloud has is in the state, or is told as begun and not known to have ended.
  const known = new Set(idsOf(state));
  for (const thing of project.things()) {
    const isTold = pending.some((operation) =>
      String(thing.inputs.name).startsWith(`${operation.split(" ")[1]}-`),
    );
    expect(known.has(thing.id) || isTold, `${thing.id} is neither in the state nor pending`).toBe(true);
  }
  // And the state has nothing that isn't there.
  for (const id of known) expect(project.things().some((thing) => thing.id === id)).toBe(true);
  expect(existsSync(`${stack.statePath}.journal`)).toBe(true);

  project.write(names.map((name) => ({ name, inputs: { slowMs: 0 } })));
  const events: EngineEvent[] = [];
  const summary = await stack.up({ onEvent: (event) => events.push(event) });
  expect(logs(events)).toContain("Took over the lock of process");
  expect(logs(events)).toContain("The last run broke off");
  const made = known.size;
  expect(steps(summary).filter((step) => step.startsWith("create"))).toHaveLength(12 - made);
  expect(idsOf(await stored(stack))).toHaveLength(12);
  expect((await stored(stack)).pending_operations).toBeUndefined();
  expect(existsSync(`${stack.statePath}.journal`)).toBe(false);
  expect(steps(await stack.up())).toEqual([]);
});

test("an engine killed while it deletes goes on deleting", async () => {
  const stack = await project.stack();
  project.write(["a", "b", "c", "d"].map((name) => ({ name })));
  await stack.up();
  project.write([{ name: "a" }]);
  project.faults({ "delete c": "hang" });
  const calls = watch(project);
  const child = start();
  await until(() => calls("deleted").length === 2);
  await killHard(child);
  // What is there is in the state; so may be one whose deletion had no time to be written down.
  const left = idsOf(await stored(stack));
  expect(left).toEqual(expect.arrayContaining(project.things().map(({ id }) => id)));
  project.faults({});
  const deleted = steps(await stack.up());
  expect(deleted).toContain("delete c");
  expect(deleted).toHaveLength(left.length - 1);
  expect(project.things().map(({ id }) => id)).toEqual(idsOf(await stored(stack)));
  expect(project.things()).toHaveLength(1);
});

test("the first interrupt lets running steps end and begins no other", async () => {
  project.write([{ name: "slow" }, { name: "next", inputs: { value: { $ref: "slow.arn" } } }]);
  project.faults({ "create slow": "wait" });
  const calls = watch(project);
  const child = start();
  await until(() => calls("create").length === 1);
  const exit = once(child, "exit");
  child.kill("SIGINT");
  // The engine has heard of it once the plugin has.
  await until(() => calls("cancel").length === 1);
  project.faults({});
  const [code] = (await exit) as [number];
  expect(code).toBe(1);
  expect(calls("created").map(({ name }) => name)).toEqual(["slow"]);
  const stack = await project.stack();
  const state = await stored(stack);
  expect(idsOf(state)).toHaveLength(1);
  expect(state.pending_operations).toBeUndefined();
  await until(() => project.plugins().every((pid) => !isAlive(pid)));
  expect(steps(await stack.up())).toEqual(["create next"]);
});

test("the second interrupt ends at once, and tells the next run what it broke off", async () => {
  project.write([{ name: "slow" }, { name: "quick" }]);
  project.faults({ "create slow": "hang" });
  const calls = watch(project);
  const child = start();
  await until(() => calls("created").length === 1 && calls("create").length === 2);
  child.kill("SIGINT");
  await until(() => calls("cancel").length === 1);
  const exit = once(child, "exit");
  child.kill("SIGINT");
  await exit;
  const stack = await project.stack();
  const state = await stored(stack);
  expect(idsOf(state)).toHaveLength(1);
  expect(state.pending_operations).toMatchObject([{ type: "creating" }]);
  await until(() => project.plugins().every((pid) => !isAlive(pid)));
  project.faults({});
  expect(steps(await stack.up())).toEqual(["create slow"]);
});
