import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { failing, steps, TestProject } from "./project.ts";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project[Symbol.dispose]());

const typed = `import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.CustomResource {
  declare readonly value: pulumi.Output<unknown>;
  constructor(name: string, args: object, options?: object) {
    super("testcloud:index:Thing", name, { arn: undefined, generation: undefined, ...args }, options);
  }
}
`;

test("the default provider takes the stack's settings of its package", async () => {
  const stack = await project.stack();
  const crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  stack.config.set("testcloud:region", { secure: crypter.encrypt("secret-region") });
  await stack.config.save();
  project.write({ resources: [{ name: "a" }], outputs: { arn: { $ref: "a.arn" } } });
  const { outputs } = await stack.up();
  expect(outputs.arn?.value).toMatch(/^arn:secret-region:/);
  expect(JSON.stringify(project.read(".understudy/state/.pulumi/stacks/shop/dev.json"))).not.toContain(
    'secret-region"',
  );
});

test("explicit providers are kept in the state, reconfigured, and replaced with what they made", async () => {
  const stack = await project.stack();
  const resources = (region: string, account: string) => [
    { name: "p", kind: "provider" as const, inputs: { region, account } },
    { name: "a", options: { provider: "p" } },
  ];
  project.write({ resources: resources("north", "1"), outputs: { arn: { $ref: "a.arn" } } });
  expect((await stack.up()).outputs.arn?.value).toMatch(/^arn:north:/);

  // Another region is only another configuration; what was made stays.
  project.write(resources("south", "1"));
  const second = await stack.up();
  expect(second.steps.map(({ step, name }) => `${step} ${name}`)).toEqual(["update p"]);

  project.calls();
  project.write({ resources: resources("south", "2"), outputs: { arn: { $ref: "a.arn" } } });
  const third = await stack.up();
  expect(third.steps.map(({ step, name }) => `${step} ${name}`)).toEqual(["replace p", "replace a"]);
  expect(project.things()).toHaveLength(1);
  const { deployment } = JSON.parse(await stack.export());
  expect(
    (deployment.resources as { type: string }[]).filter(({ type }) => type.startsWith("pulumi:providers")),
  ).toHaveLength(1);

  // Without the program, what the provider made is deleted by it, configured from the state.
  project.calls();
  await stack.destroy();
  expect(project.calls("configure")).toMatchObject([{ region: "south" }]);
  expect(project.things()).toEqual([]);
});

test("a plugin that someone started by hand is attached to, and left running", async () => {
  const main = fileURLToPath(new URL("./fixtures/testcloud/main.ts", import.meta.url));
  const plugin = spawn(process.execPath, [main, "127.0.0.1:1"], {
    env: project.env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(plugin.stdout, "data")) as [Buffer];
    using attached = new TestProject({ env: { PULUMI_DEBUG_PROVIDERS: `testcloud:${String(port).trim()}` } });
    attached.write([{ name: "a" }]);
    await (await attached.stack()).up();
    expect(attached.plugins()).toEqual([]);
    expect(project.things()).toHaveLength(1);
    expect(plugin.exitCode).toBeNull();
  } finally {
    plugin.kill();
    await once(plugin, "exit");
  }
});

test("a stack reads the outputs of another, secrets included; getResource and functions give what there is", async () => {
  project.write({
    resources: [{ name: "made", inputs: { name: "shared", value: 7 } }],
    outputs: { arn: { $ref: "made.arn" }, token: { $secret: "t0ken-of-other" } },
  });
  await (await project.stack("other")).up();
  using reader = new TestProject({
    program: `${typed}
const other = new pulumi.StackReference("other");
const same = new pulumi.StackReference("again", { name: "organization/shop/other" });
const a = new Thing("a", { value: other.getOutput("token") });
const again = pulumi.runtime.invokeOutput("testcloud:index:lookup", { name: a.urn.apply(() => "shared") });
const known = a.urn.apply((urn) => new Thing("ignored", {}, { urn } as object).value);
export default {
  arn: other.getOutput("arn"),
  token: same.requireOutput("token"),
  looked: again.apply((found) => (found as { value: number }).value),
};
`,
    env: {
      PULUMI_BACKEND_URL: `file://${project.folder}/.understudy/state`,
      TESTCLOUD_DIR: project.cloudFolder,
    },
  });
  const stack = await reader.stack();
  const { outputs } = await stack.up();
  expect(outputs.arn?.value).toMatch(/^arn:none:shared/);
  expect(outputs.token).toEqual({ value: "t0ken-of-other", secret: true });
  expect(outputs.looked?.value).toBe(7);
  expect(steps(await stack.up())).toEqual([]);
  expect(await stack.export()).not.toContain("t0ken-of-other");
  expect(steps(await stack.refresh())).toEqual([]);
  await stack.destroy();
  expect(project.things()).toHaveLength(1);
});

test("a reference to a stack that isn't there fails the run", async () => {
  using reader = new TestProject({
    program: `${typed}
const other = new pulumi.StackReference("nowhere");
export const x = other.getOutput("x");
`,
  });
  const error = await failing((await reader.stack()).up());
  expect(error.errors[0]?.message).toContain("There is no stack 'nowhere'");
});

test("what is only read is external: kept up to date, never deleted", async () => {
  project.write([{ name: "made", inputs: { name: "shared", value: 7 } }]);
  const other = await project.stack("other");
  await other.up();
  const id = project.things()[0]?.id;
  using reader = new TestProject({
    program: `${typed}
const found = new Thing("found", { value: undefined }, { id: "${id}" });
export const value = found.value;
`,
    env: { TESTCLOUD_DIR: project.cloudFolder },
  });
  const stack = await reader.stack();
  expect((await stack.up()).outputs.value?.value).toBe(7);
  project.meddle((thing) => ({ ...thing, inputs: { ...thing.inputs, value: 8 } }));
  expect((await stack.up()).outputs.value?.value).toBe(8);
  await stack.destroy();
  expect(project.things()).toHaveLength(1);
  project.meddle(() => undefined);
  const error = await failing(stack.up());
  expect(error.errors[0]?.message).toContain(`There is no testcloud:index:Thing with the id '${id}'`);
});
