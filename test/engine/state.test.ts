import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Backend } from "../../src/engine/backend.ts";
import { takeLock } from "../../src/engine/lock.ts";
import type { ResourceState } from "../../src/engine/resource-state.ts";
import type { Crypter } from "../../src/engine/secrets.ts";
import { listStacks, type Stack } from "../../src/engine/stack.ts";
import { readState, StateSession } from "../../src/engine/state-session.ts";
import { secret } from "../../src/engine/values.ts";
import { TestProject } from "./project.ts";

let project: TestProject;
let stack: Stack;
let backend: Backend;
let crypter: Crypter;
const name = { project: "shop", stack: "dev" };
const urnOf = (id: string): string => `urn:pulumi:dev::shop::testcloud:index:Thing::${id}`;

beforeEach(async () => {
  project = new TestProject();
  stack = await project.stack();
  backend = new Backend(dirname(dirname(dirname(dirname(stack.statePath)))));
  crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  await stack.config.save();
});
afterEach(() => project[Symbol.dispose]());

function resource(id: string, more: Partial<ResourceState> = {}): ResourceState {
  return {
    urn: urnOf(id),
    custom: true,
    type: "testcloud:index:Thing",
    id,
    inputs: {},
    outputs: {},
    ...more,
  };
}

async function session(): Promise<StateSession> {
  return StateSession.open(backend, name, crypter, await readState(backend, name, async () => crypter));
}

async function ids(): Promise<readonly string[]> {
  const { snapshot } = await readState(backend, name, async () => crypter);
  return snapshot.resources().map(({ id }) => id ?? "");
}

/** A finished deployment of these. */
async function write(...states: readonly ResourceState[]): Promise<void> {
  const open = await session();
  for (const state of states) void open.commit({ set: [[open.snapshot.newKey(), state]] });
  await open.close();
}

test("lies where the CLI looks for it, in its format, readable by its owner only", async () => {
  await write(resource("a", { inputs: { password: secret("hidden") } }));
  const path = join(backend.folder, ".pulumi/stacks/shop/dev.json");
  expect(stack.statePath).toBe(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(backend.folder, ".pulumi/meta.yaml"), "utf8")).toBe("version: 1\n");
  const file = JSON.parse(readFileSync(path, "utf8"));
  expect(file).toMatchObject({
    version: 3,
    checkpoint: {
      stack: "organization/shop/dev",
      latest: {
        manifest: { magic: "", version: "" },
        secrets_providers: { type: "passphrase", state: { salt: crypter.salt } },
        resources: [{ urn: urnOf("a"), custom: true, id: "a", type: "testcloud:index:Thing" }],
      },
    },
  });
  const [stored] = file.checkpoint.latest.resources;
  expect(Object.keys(stored.inputs.password)).toEqual(["4dabf18193072939515e22adb298388d", "ciphertext"]);
  expect(crypter.decrypt(stored.inputs.password.ciphertext)).toBe('"hidden"');
});

test("an unchanged secret keeps its ciphertext", async () => {
  await write(resource("a", { inputs: { password: secret("hidden") } }));
  const before = readFileSync(stack.statePath, "utf8");
  const open = await session();
  await open.close();
  const after = readFileSync(stack.statePath, "utf8");
  const resources = (text: string): unknown => JSON.parse(text).checkpoint.latest.resources;
  expect(resources(after)).toEqual(resources(before));
  expect(readFileSync(`${stack.statePath}.bak`, "utf8")).toBe(before);
});

test("a broken-off run is found again, up to its last whole line", async () => {
  await write(resource("a"), resource("b"));
  const open = await session();
  await open.commit({ set: [["n0", resource("c")]], drop: ["o0"] });
  await open.commit({ begin: { number: 0, operation: { type: "creating", resource: resource("d") } } });
  // The process is gone here. Half a line was on its way to the disk.
  appendFileSync(`${stack.statePath}.journal`, '{"set": [["n1", {"urn": "urn:pu');
  expect(await ids()).toEqual(["c", "b"]);
  const { snapshot, recovered } = await readState(backend, name, async () => crypter);
  expect(recovered).toBe(true);
  expect(snapshot.pending()).toMatchObject([{ type: "creating", resource: { id: "d" } }]);
  const again = await session();
  expect(again.snapshot.resources().map(({ id }) => id)).toEqual(["c", "b"]);
  await again.close();
  expect(existsSync(`${stack.statePath}.journal`)).toBe(false);
  expect(await ids()).toEqual(["c", "b"]);
});

test("a process that dies between the two files of the end loses and doubles nothing", async () => {
  await write(resource("a"));
  const open = await session();
  await open.commit({ set: [["n0", resource("b")]] });
  const journal = `${stack.statePath}.journal`;
  const before = { state: `${project.folder}/state`, journal: `${project.folder}/journal` };
  copyFileSync(stack.statePath, before.state);
  await open.commit({ set: [["n1", resource("c")]] });
  copyFileSync(journal, before.journal);
  await open.close();
  // The state is written, the journal still there, with its last line.
  const text = readFileSync(stack.statePath, "utf8");
  const folded = { folded: (await import("node:crypto")).createHash("sha256").update(text).digest("hex") };
  writeFileSync(journal, `${readFileSync(before.journal, "utf8")}${JSON.stringify(folded)}\n`);
  expect(await ids()).toEqual(["b", "c", "a"]);
  await (await session()).close();
  expect(await ids()).toEqual(["b", "c", "a"]);
  // The journal has its last line, the state is not written yet.
  writeFileSync(journal, `${readFileSync(before.journal, "utf8")}${JSON.stringify(folded)}\n`);
  copyFileSync(before.state, stack.statePath);
  expect(await ids()).toEqual(["b", "c", "a"]);
  await (await session()).close();
  expect(await ids()).toEqual(["b", "c", "a"]);
});

test("a state that something else changed meanwhile is not overwritten", async () => {
  await write(resource("a"));
  const open = await session();
  await open.commit({ set: [["n0", resource("b")]] });
  writeFileSync(stack.statePath, readFileSync(stack.statePath, "utf8").replace('"id":"a"', '"id":"x"'));
  await expect(stack.outputs()).rejects.toThrow(expect.objectContaining({ code: "journal-mismatch" }));
  appendFileSync(`${stack.statePath}.journal`, "");
});

test("references to what is gone are left out", async () => {
  await write(
    resource("a"),
    resource("b", {
      dependencies: [urnOf("a")],
      propertyDependencies: { x: [urnOf("a")] },
      deletedWith: urnOf("a"),
    }),
  );
  const open = await session();
  await open.commit({ drop: ["o0"] });
  await open.close();
  const { snapshot } = await readState(backend, name, async () => crypter);
  const [left] = snapshot.resources();
  expect(left?.dependencies ?? []).toEqual([]);
  expect(left?.deletedWith).toBeUndefined();
});

test.each([
  ["", "bad-state"],
  ['{"version": 3, "checkpoint": {"latest": {"resources": [', "bad-state"],
  ['{"checkpoint": {}}', "bad-state"],
  ['{"version": 3}', "bad-state"],
  ['{"version": 3, "checkpoint": {"latest": {"resources": [{"id": "a"}]}}}', "bad-state"],
  ['{"version": 99, "checkpoint": {}}', "state-too-new"],
  ['{"version": 2, "checkpoint": {}}', "state-too-old"],
  ['{"version": 4, "features": ["hooks"], "checkpoint": {}}', "state-feature-unsupported"],
  [
    '{"version": 3, "checkpoint": {"latest": {"secrets_providers": {"type": "service"}}}}',
    "secrets-provider-unsupported",
  ],
  [
    '{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": "urn:pulumi:dev::other::a:b:C::d", "custom": false, "type": "a:b:C"}]}}}',
    "state-of-another-stack",
  ],
])("a state that is none is told, and left alone: %s", async (text, code) => {
  mkdirSync(dirname(stack.statePath), { recursive: true });
  writeFileSync(stack.statePath, text);
  for (const operation of ["outputs", "up", "destroy", "export"] as const) {
    await expect(stack[operation]()).rejects.toThrow(expect.objectContaining({ code }));
  }
  expect(readFileSync(stack.statePath, "utf8")).toBe(text);
});

test("the wrong passphrase, or none, is told", async () => {
  await write(resource("a", { inputs: { password: secret("hidden") } }));
  const other = await project.stack("dev", { passphrase: "wrong" });
  await expect(other.up()).rejects.toThrow(expect.objectContaining({ code: "wrong-passphrase" }));
  const { openStack } = await import("../../src/engine/stack.ts");
  const without = await openStack({ projectDir: project.folder, stack: "dev", env: {} });
  await expect(without.outputs()).rejects.toThrow(expect.objectContaining({ code: "no-passphrase" }));
  const file = join(project.folder, "passphrase");
  writeFileSync(file, `${project.passphrase}\n`);
  const byFile = await openStack({
    projectDir: project.folder,
    stack: "dev",
    env: { PULUMI_CONFIG_PASSPHRASE_FILE: file },
  });
  expect(await byFile.outputs()).toEqual({});
});

test("export and import go round, also into another folder and with another salt", async () => {
  await write(
    resource("a", {
      inputs: { deep: [{ password: secret({ x: "hidden" }) }] },
      initErrors: ["x"],
      created: "2026-01-02T03:04:05Z",
    }),
    resource("b", { dependencies: [urnOf("a")] }),
  );
  const text = await stack.export();
  expect(text).not.toContain("hidden");
  await stack.import(text, "export.json");
  expect(JSON.parse(await stack.export()).deployment.resources).toEqual(
    JSON.parse(text).deployment.resources,
  );

  using fresh = new TestProject();
  const other = await fresh.stack();
  await other.import(text, "export.json");
  expect(fresh.read("Pulumi.dev.yaml")).toContain("encryptionsalt: v1:");
  const otherBackend = new Backend(dirname(dirname(dirname(dirname(other.statePath)))));
  const otherCrypter = await other.crypter();
  const { snapshot } = await readState(otherBackend, name, async () => otherCrypter);
  expect(snapshot.resources()[0]?.inputs).toEqual({ deep: [{ password: secret({ x: "hidden" }) }] });

  await expect(other.import("{", "bad.json")).rejects.toThrow(
    expect.objectContaining({ code: "bad-state", path: "bad.json" }),
  );
  await expect((await fresh.stack("prod")).import(text, "x")).rejects.toThrow(
    expect.objectContaining({ code: "state-of-another-stack" }),
  );
});

test("fields that the engine does not know stay in resources that it does not touch", async () => {
  const text = JSON.stringify({
    version: 3,
    deployment: {
      resources: [
        {
          urn: urnOf("a"),
          custom: true,
          id: "a",
          type: "testcloud:index:Thing",
          sourcePosition: "x.ts#1",
          new2030: { y: 1 },
        },
      ],
    },
  });
  await stack.import(text, "x");
  expect(JSON.parse(await stack.export()).deployment.resources).toMatchObject([
    { sourcePosition: "x.ts#1", new2030: { y: 1 } },
  ]);
});

test("a second run is kept out, and a lock of a dead process taken over", async () => {
  const folder = backend.lockFolder(name);
  const said: string[] = [];
  const lock = await takeLock(folder, (message) => said.push(message));
  await expect(takeLock(folder, () => {})).rejects.toThrow(expect.objectContaining({ code: "stack-locked" }));
  await expect(stack.up()).rejects.toThrow(`pid ${process.pid}`);
  // Looking takes no lock.
  await expect(stack.outputs()).rejects.toThrow(expect.objectContaining({ code: "no-stack" }));
  await lock.release();

  const write = (content: object): void =>
    writeFileSync(
      join(folder, "other.json"),
      JSON.stringify({ username: "u", timestamp: new Date().toISOString(), ...content }),
    );
  // No process has this pid: Linux ends at 2^22.
  write({ pid: 2 ** 22 + 1, hostname: hostname() });
  await (await takeLock(folder, (message) => said.push(message))).release();
  expect(said).toEqual(["Took over the lock of process 4194305, which is gone."]);
  // A pid that was given anew, to a process younger than the lock.
  write({ pid: process.pid, hostname: hostname(), timestamp: "2001-01-01T00:00:00Z" });
  await (await takeLock(folder, () => {})).release();
  // Of another host nobody knows.
  write({ pid: 2 ** 22 + 1, hostname: "elsewhere" });
  await expect(takeLock(folder, () => {})).rejects.toThrow(expect.objectContaining({ code: "stack-locked" }));
  expect(await stack.unlock()).toBe(1);
  writeFileSync(join(folder, "broken.json"), "{");
  await expect(takeLock(folder, () => {})).rejects.toThrow(expect.objectContaining({ code: "stack-locked" }));
  expect(await stack.unlock()).toBe(1);
  expect(await stack.unlock()).toBe(0);
});

test("of many that come at once, one at most gets the lock", async () => {
  const folder = backend.lockFolder(name);
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder, () => {})));
  expect(tries.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
});

test("a folder of another layout is refused", async () => {
  mkdirSync(join(backend.folder, ".pulumi/stacks"), { recursive: true });
  writeFileSync(join(backend.folder, ".pulumi/stacks/dev.json"), "{}");
  await expect(stack.up()).rejects.toThrow(expect.objectContaining({ code: "backend-layout" }));
  writeFileSync(join(backend.folder, ".pulumi/meta.yaml"), "version: 2\n");
  await expect(stack.up()).rejects.toThrow(expect.objectContaining({ code: "backend-layout" }));
});

function stacks(): Promise<readonly string[]> {
  return listStacks({ projectDir: project.folder, env: project.env });
}

test("stacks are forgotten when empty, or when forced", async () => {
  await write(resource("a"));
  expect(await stacks()).toEqual(["dev"]);
  await expect(stack.remove({ force: false })).rejects.toThrow(
    expect.objectContaining({ code: "stack-not-empty" }),
  );
  await stack.remove({ force: true });
  expect(await stacks()).toEqual([]);
  await expect(stack.remove({ force: false })).rejects.toThrow(expect.objectContaining({ code: "no-stack" }));
});
