import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPulumi } from "../../src/engine/pulumi-cli.ts";
import { TestProject } from "./project.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function understudy(args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: project.folder,
    env: { ...project.env, PULUMI_CONFIG_PASSPHRASE: project.passphrase, NO_COLOR: "1", ...env },
  });
  child.stdin.end(input);
  const text = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (text.stdout += chunk));
  child.stderr.on("data", (chunk) => (text.stderr += chunk));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...text })));
}

test("up, preview, outputs and destroy, as a person and as a script see them", async () => {
  project.write({
    resources: [{ name: "a", inputs: { value: { $config: "size" }, password: { $secret: "never-shown" } } }],
    outputs: { size: { $config: "size" }, password: { $ref: "a.password" }, list: [1, 2] },
  });
  const missing = await understudy(["outputs", "dev"]);
  expect(missing).toMatchObject({ code: 1, stdout: "" });
  expect(missing.stderr).toContain("There is no stack 'dev'");

  expect((await understudy(["config", "set", "dev", "size", "small"])).code).toBe(0);
  const up = await understudy(["up", "dev", "--yes"]);
  expect(up.code).toBe(0);
  expect(up.stderr).toMatch(/ \+ {2}testcloud:index:Thing a created \(\d+\.\ds\)/);
  expect(up.stdout).toMatch(/size +small\n/);
  expect(up.stdout).toMatch(/password +\[secret\]\n/);
  expect(up.stdout).toMatch(/Resources: \+ 3 created; Duration: \d+\.\ds\n$/);
  expect(up.stdout + up.stderr).not.toContain("never-shown");

  await understudy(["config", "set", "dev", "size", "large"]);
  const preview = await understudy(["preview", "dev", "--json"]);
  expect(JSON.parse(preview.stdout)).toMatchObject({
    operation: "preview",
    result: "succeeded",
    resources: { update: 1, same: 2 },
    steps: [{ step: "update", name: "a", changes: [{ path: "value", before: "small", after: "large" }] }],
    outputs: { size: "large", password: "[secret]" },
  });
  expect(preview.stderr).toContain('~ value: "small" => "large"');

  expect((await understudy(["outputs", "dev", "password", "--show-secrets"])).stdout).toBe("never-shown\n");
  expect(JSON.parse((await understudy(["outputs", "dev", "--json"])).stdout)).toMatchObject({ list: [1, 2] });
  expect((await understudy(["outputs", "dev", "nothing"])).stderr).toContain("has no output 'nothing'");

  const refused = await understudy(["destroy", "dev", "--json"]);
  expect(refused.code).toBe(4);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "not-confirmed" } });
  const destroyed = await understudy(["destroy", "dev", "--yes"]);
  expect(destroyed.stdout).toMatch(/Resources: - 3 deleted; Duration/);
});

test("a failed up lists every error at the end, and exits with 1", async () => {
  project.write([{ name: "bad", inputs: { invalid: true } }, { name: "worse" }, { name: "good" }]);
  project.faults({ "create worse": "fail" });
  const text = await understudy(["up", "dev", "--yes"]);
  expect(text.code).toBe(1);
  const end = text.stderr.slice(text.stderr.indexOf("The up failed."));
  expect(end).toContain("Thing::bad: invalid: must not be true");
  expect(end).toContain("Thing::worse: the cloud refused to create worse");
  const json = await understudy(["up", "dev", "--yes", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    result: "failed",
    error: { code: "run-failed", errors: [{ message: expect.any(String) }, { message: expect.any(String) }] },
  });
});

test("settings: from stdin, by path, secret, listed, removed", async () => {
  const set = (...args: readonly string[]): Promise<Result> => understudy(["config", "set", "dev", ...args]);
  await set("plain", "12");
  expect((await understudy(["config", "set", "dev", "token", "--secret"], "from-stdin\n")).code).toBe(0);
  await understudy(["config", "set", "dev", "deep.list[0].password", "--path", "--secret"], "in-the-deep");
  await set("deep.count", "3", "--path");
  expect((await understudy(["config", "set", "dev", "empty"])).code).toBe(2);
  const text = readFileSync(join(project.folder, "Pulumi.dev.yaml"), "utf8");
  expect(text).not.toMatch(/from-stdin|in-the-deep/);
  expect(text).toContain('shop:plain: "12"');
  const listed = await understudy(["config", "ls", "dev"]);
  expect(listed.stdout).toBe("shop:deep   [secret]\nshop:plain  12\nshop:token  [secret]\n");
  expect((await understudy(["config", "get", "dev", "token"])).stdout).toBe("from-stdin\n");
  expect((await understudy(["config", "get", "dev", "deep.list[0].password", "--path"])).stdout).toBe(
    "in-the-deep\n",
  );
  expect((await understudy(["config", "get", "dev", "deep.count", "--path", "--json"])).stdout).toContain(
    '"value": 3',
  );
  await understudy(["config", "rm", "dev", "plain"]);
  expect((await understudy(["config", "get", "dev", "plain"])).stderr).toContain("has no value of 'plain'");
});

test("the state: exported, imported, listed, unlocked, forgotten", async () => {
  project.write([{ name: "a" }]);
  await understudy(["up", "dev", "--yes"]);
  expect((await understudy(["stack", "export", "dev", "--file", "dev.json"])).code).toBe(0);
  expect((await understudy(["export", "dev"])).stdout).toContain('"version": 3');
  // A state that was cut short is mended by one that was exported.
  const state = join(project.folder, ".understudy/state/.pulumi/stacks/shop/dev.json");
  writeFileSync(state, readFileSync(state, "utf8").slice(0, 100));
  expect((await understudy(["up", "dev", "--yes"])).stderr).toContain("as if cut short");
  expect((await understudy(["stack", "import", "dev", "--file", "dev.json"])).code).toBe(0);
  expect((await understudy(["up", "dev", "--yes"])).stdout).toContain("Resources: 3 unchanged");
  expect((await understudy(["stack", "ls"])).stdout).toBe("dev\n");
  expect((await understudy(["stack", "unlock", "dev"])).stderr).toContain("is not locked");
  const refused = await understudy(["stack", "rm", "dev"]);
  expect(refused.code).toBe(4);
  expect((await understudy(["stack", "rm", "dev", "--force"])).code).toBe(0);
  expect((await understudy(["stack", "ls"])).stdout).toBe("");
  expect((await understudy(["stack", "import", "dev", "--file", "nowhere.json"])).code).toBe(2);
});

test("a pulumi command counts only when it answers, and is no wrapper of npm's", async () => {
  const place = (folder: string, script: string): string => {
    const bin = join(project.folder, folder);
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "pulumi"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, "pulumi"), 0o755);
    return bin;
  };
  const broken = place("broken", "exit 1");
  const odd = place("odd", "echo hello");
  const wrapper = place("tools/node_modules/.bin", "echo v3.200.0");
  const real = place("real/bin", 'test "$1" = version && echo v3.200.0');
  const on = (...folders: readonly string[]): NodeJS.ProcessEnv => ({
    PATH: [...folders, "/usr/bin", "/bin"].join(delimiter),
  });
  expect(await findPulumi(on(broken, odd, wrapper))).toBeUndefined();
  expect(await findPulumi(on(broken, wrapper, real))).toBe(join(real, "pulumi"));
  const hanging = place("hanging", "exec sleep 600");
  expect(await findPulumi(on(hanging))).toBeUndefined();
  const none = await understudy(["up", "dev", "--engine", "pulumi"], "", on());
  expect(none.stderr).toContain("There is no working `pulumi` command on PATH.");
});
