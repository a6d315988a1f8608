import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EngineEvent } from "../../src/engine/events.ts";
import { failing, TestProject } from "./project.ts";

/** Each is planted in one place; none may be found in any other. */
const canaries = {
  config: "canary-in-the-config",
  input: "canary-in-an-input",
  nested: "canary-in-a-nested-input",
  output: "canary-in-an-output",
  logged: "canary-that-is-logged",
  thrown: "canary-that-is-thrown",
};

let project: TestProject;
beforeEach(() => {
  project = new TestProject({
    program: `import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.CustomResource {
  constructor(name: string, args: object) {
    super("testcloud:index:Thing", name, { arn: undefined, generation: undefined, url: undefined, ...args });
  }
}
const token = new pulumi.Config().requireSecret("token");
export const a = new Thing("a", {
  value: token,
  password: pulumi.secret("${canaries.input}"),
  deep: { list: [{ word: pulumi.secret("${canaries.nested}") }] },
});
export const output = pulumi.secret("${canaries.output}");
new Thing("b", { password: pulumi.secret("${canaries.logged}") });
new Thing("bad", { password: pulumi.secret("${canaries.thrown}"), invalid: process.env.TEST_INVALID === "1" });
token.apply((value) => pulumi.log.info("the token is " + value));
pulumi.log.warn("this is ${canaries.logged}");
console.log("printed ${canaries.logged}");
`,
  });
});
afterEach(() => project[Symbol.dispose]());

/** Every file that the engine wrote, also between runs. */
function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function expectNone(text: string, where: string, ...except: readonly string[]): void {
  for (const canary of Object.values(canaries)) {
    if (!except.includes(canary)) expect(text.includes(canary), `${canary} in ${where}`).toBe(false);
  }
}

test("no secret is found in clear in what the engine writes and says", async () => {
  const stack = await project.stack();
  const crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  stack.config.set("token", { secure: crypter.encrypt(canaries.config) });
  await stack.config.save();

  const events: EngineEvent[] = [];
  const files = new Map<string, string>();
  const onEvent = (event: EngineEvent): void => {
    events.push(event);
    // The journal, while it is there.
    for (const file of filesIn(join(project.folder, ".understudy")))
      files.set(file, readFileSync(file, "utf8"));
  };
  await stack.preview({ onEvent: (event) => events.push(event) });
  const { outputs } = await stack.up({ onEvent });
  expect(outputs.output).toEqual({ value: canaries.output, secret: true });
  expect(outputs.a?.secret).toBe(true);
  await stack.refresh({ onEvent });
  project.env.TEST_INVALID = "1";
  const error = await failing(stack.up({ onEvent }));
  expect(error.errors).toHaveLength(1);
  files.set("export", await stack.export());

  expect([...files.keys()].some((file) => file.endsWith(".journal"))).toBe(true);
  for (const [file, text] of files) expectNone(text, file);
  expectNone(readFileSync(join(project.folder, "Pulumi.dev.yaml"), "utf8"), "the settings");
  expectNone(JSON.stringify(error.errors), "the errors");
  expectNone(JSON.stringify(events.filter(({ kind }) => kind !== "log")), "the events");
  // What the program itself says may come before the engine learns the secret; what it knows it masks.
  const logs = JSON.stringify(events.filter(({ kind }) => kind === "log"));
  expectNone(logs, "the log", canaries.logged);
  expect(logs).toContain("the token is ***");
});

test("what the settings hold in clear beside a secret is shown as it is", async () => {
  project.program(`import * as pulumi from "@pulumi/pulumi";
const connection = new pulumi.Config().requireSecretObject<{ url: string; token: string }>("connection");
connection.apply(({ url, token }) => pulumi.log.info("asking " + url + " with " + token));
`);
  const stack = await project.stack();
  const crypter = await stack.crypter();
  stack.config.encryptionSalt = crypter.salt;
  stack.config.set("connection", {
    url: "https://api.example.test",
    token: { secure: crypter.encrypt(canaries.config) },
  });
  await stack.config.save();
  const messages: string[] = [];
  await stack.up({ onEvent: (event) => event.kind === "log" && messages.push(event.message) });
  expect(messages).toContain("asking https://api.example.test with ***");
});

test("secrets of another stack stay secret through every kind of run", async () => {
  project.program(`import * as pulumi from "@pulumi/pulumi";
export const site = { name: "shop", connection: pulumi.secret({ token: "${canaries.output}" }) };
`);
  await (await project.stack("other")).up();
  project.program(`import * as pulumi from "@pulumi/pulumi";
class Thing extends pulumi.CustomResource {
  constructor(name: string, args: object) {
    super("testcloud:index:Thing", name, { arn: undefined, ...args });
  }
}
const other = new pulumi.StackReference("other");
const site = other.requireOutput("site");
new Thing("a", { value: process.env.TEST_VALUE, token: site.apply(({ connection }) => connection.token) });
export const copy = site;
`);
  const stack = await project.stack();
  for (const value of ["1", "1", "2"]) {
    project.env.TEST_VALUE = value;
    await stack.up();
    await stack.refresh();
    for (const file of filesIn(join(project.folder, ".understudy"))) {
      expectNone(readFileSync(file, "utf8"), file);
    }
  }
  expect((await stack.outputs()).copy).toEqual({
    value: { name: "shop", connection: { token: canaries.output } },
    secret: true,
  });
});
