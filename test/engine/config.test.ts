import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readProject } from "../../src/engine/project.ts";
import { Crypter } from "../../src/engine/secrets.ts";
import { openStack } from "../../src/engine/stack.ts";
import { TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

function write(file: string, text: string): void {
  writeFileSync(join(project.folder, file), text);
}

test("settings are decrypted at any depth, and the project's fill what the stack lacks", async () => {
  const crypter = await Crypter.create(project.passphrase);
  write(
    "Pulumi.yaml",
    `name: shop
runtime: nodejs
config:
  region: { default: north, type: string }
  size: { default: 3 }
  plain: as it is
  other:key: { value: { a: 1 } }
  overridden: { default: no }
`,
  );
  write(
    "Pulumi.dev.yaml",
    `# ours
encryptionsalt: ${crypter.salt}
config:
  shop:overridden: "yes"
  shop:config:legacy: 1
  bare: true # without a namespace
  shop:token:
    secure: ${crypter.encrypt("t0ken")}
  shop:deep:
    list:
      - name: x
        password:
          secure: ${crypter.encrypt("p4ss")}
`,
  );
  const values = Object.fromEntries(await (await project.stack()).configValues());
  expect(values).toEqual({
    "shop:overridden": { text: "yes", secret: false, value: "yes", open: [] },
    "shop:legacy": { text: "1", secret: false, value: 1, open: [] },
    "shop:bare": { text: "true", secret: false, value: true, open: [] },
    "shop:token": { text: "t0ken", secret: true, value: "t0ken", open: [] },
    "shop:deep": {
      text: '{"list":[{"name":"x","password":"p4ss"}]}',
      secret: true,
      value: { list: [{ name: "x", password: "p4ss" }] },
      open: ["x"],
    },
    "shop:region": { text: "north", secret: false, value: "north", open: [] },
    "shop:size": { text: "3", secret: false, value: 3, open: [] },
    "shop:plain": { text: "as it is", secret: false, value: "as it is", open: [] },
    "other:key": { text: '{"a":1}', secret: false, value: { a: 1 }, open: [] },
  });
});

test("a program gets the settings, secrets as secrets", async () => {
  const stack = await project.stack();
  const crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  stack.config.set("shop:plain", "x");
  stack.config.set("shop:token", { secure: crypter.encrypt("t0ken-secret") });
  await stack.config.save();
  project.write({
    resources: [],
    outputs: { plain: { $config: "plain" }, token: { $configSecret: "token" } },
  });
  expect((await stack.up()).outputs).toEqual({
    plain: { value: "x", secret: false },
    token: { value: "t0ken-secret", secret: true },
  });
});

test("what the project asks for and the stack does not set is told at once", async () => {
  write(
    "Pulumi.yaml",
    "name: shop\nruntime: nodejs\nconfig:\n  a: { type: string }\n  b: { type: integer }\n",
  );
  await expect((await project.stack()).up()).rejects.toThrow(
    expect.objectContaining({
      problems: [expect.objectContaining({ code: "missing-config" }), expect.anything()],
    }),
  );
});

test("setting and removing keeps comments and other keys", async () => {
  write("Pulumi.dev.yaml", "# top\nconfig:\n  shop:a: 1 # one\n  # about b\n  shop:b: two\n");
  const stack = await project.stack();
  stack.config.set("a", "2");
  stack.config.set("c", true, ["deep", "list", 0]);
  expect(stack.config.remove("b")).toBe(true);
  expect(stack.config.remove("b")).toBe(false);
  await stack.config.save();
  const text = project.read("Pulumi.dev.yaml");
  expect(text).toContain("# top");
  expect(text).toContain('shop:a: "2"');
  expect(text).not.toContain("two");
  const values = await (await project.stack()).configValues();
  expect(values.get("shop:c")?.value).toEqual({ deep: { list: [true] } });
});

test.each([
  ["config: [1]", "bad-stack-config"],
  ["- a", "bad-stack-config"],
  ["a: [", "bad-stack-config"],
  ["secretsprovider: awskms://x", "secrets-provider-unsupported"],
  ["environment: [prod]", "environment-unsupported"],
])("settings that can't be used are told: %s", async (text, code) => {
  write("Pulumi.dev.yaml", `${text}\n`);
  await expect(project.stack()).rejects.toThrow(expect.objectContaining({ code }));
});

test.each([
  ["runtime: nodejs", "bad-project"],
  ["name: [", "bad-project"],
  ["name: x\nruntime: python", "runtime-unsupported"],
  ["name: x\nruntime: { name: go }", "runtime-unsupported"],
  ["name: x\nruntime: nodejs\nplugins: { providers: [1] }", "bad-project"],
])("a project that can't be used is told: %s", async (text, code) => {
  write("Pulumi.yaml", `${text}\n`);
  await expect(readProject(project.folder)).rejects.toThrow(expect.objectContaining({ code }));
});

test("a folder without a project, and a name that is none, are told", async () => {
  await expect(readProject(join(project.folder, "cloud"))).rejects.toThrow(
    expect.objectContaining({ code: "no-project" }),
  );
  for (const stack of ["", "a/b", "..", "a b", "x".repeat(101)]) {
    await expect(openStack({ projectDir: project.folder, stack })).rejects.toThrow(
      expect.objectContaining({ code: "bad-stack-name" }),
    );
  }
});

test("the state's folder: asked for, else PULUMI_BACKEND_URL, else the project's, else .understudy", async () => {
  const at = async (env: NodeJS.ProcessEnv, backendDir?: string): Promise<string> => {
    const options = { projectDir: project.folder, stack: "dev", passphrase: "x", env };
    return (await openStack({ ...options, ...(backendDir && { backendDir }) })).statePath;
  };
  const file = ".pulumi/stacks/shop/dev.json";
  expect(await at({})).toBe(join(project.folder, ".understudy/state", file));
  write("Pulumi.yaml", "name: shop\nruntime: nodejs\nbackend: { url: 'file://./states' }\n");
  expect(await at({})).toBe(join(project.folder, "states", file));
  expect(await at({ PULUMI_BACKEND_URL: "file:///srv/state" })).toBe(join("/srv/state", file));
  expect(await at({ PULUMI_BACKEND_URL: "file:///srv/state" }, "/elsewhere")).toBe(join("/elsewhere", file));
  await expect(at({ PULUMI_BACKEND_URL: "https://api.pulumi.com" })).rejects.toThrow(
    expect.objectContaining({ code: "backend-unsupported" }),
  );
});
