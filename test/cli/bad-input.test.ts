import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parseApp } from "../../src/app/parse.ts";
import { type Kit, parseKit, sealKit } from "../../src/failover/kit.ts";
import { type Outcome, understudy } from "../support/understudy.ts";

// As a user would: the command in a folder of its own, its exit code, and what it says.
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

const passphrase = "correct horse";
const env = { PULUMI_CONFIG_PASSPHRASE: passphrase, UNDERSTUDY_PASSPHRASE: passphrase };

async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = await mkdtemp(join(folder, "case-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

interface Told {
  readonly code: string;
  readonly message?: string;
  readonly path?: string;
  readonly problems?: readonly Readonly<Record<string, unknown>>[];
  readonly suggestion?: string;
}

interface Expected {
  readonly exitCode: number;
  readonly code: string;
  /** What the answer has to name: what, where, what to do. */
  readonly names: readonly string[];
}

interface Place {
  readonly cwd: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** Runs a command with --json and holds its answer against what is expected. */
async function expectClear(
  args: readonly string[],
  { cwd, more = {} }: Place,
  { exitCode, code, names }: Expected,
): Promise<void> {
  const outcome = await understudy([...args, "--json"], { cwd, env: { ...env, ...more } });
  expect(outcome).toMatchObject({ exitCode });
  expectNoTrace(outcome);
  const { error } = JSON.parse(outcome.stdout) as { readonly error: Told };
  expect(error.code).toBe(code);
  const told = (error.problems ?? [error])
    .flatMap((problem) => Object.values(problem).map(String))
    .join("\n");
  for (const name of names) expect(told).toContain(name);
}

function expectNoTrace({ stdout, stderr }: Outcome): void {
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
}

describe("a description", () => {
  it("that is not there", async () => {
    const cwd = await folderWith();
    const nothing = { exitCode: 2, code: "nothing-to-import", names: ["Procfile", "app.json"] };
    await expectClear(["import"], { cwd }, nothing);
    await expectClear(["check"], { cwd }, nothing);
  });

  it.each([
    [
      "with an unknown key",
      "name: shop\nprocesses:\n  web: {}\nservcies: {}\n",
      { code: "unknown-key", names: ["understudy.yaml", "servcies", "services"] },
    ],
    [
      "with two processes on one port",
      "name: shop\nprocesses:\n  web: { http: { port: 8080 } }\n  admin: { command: a, http: { port: 8080 } }\n",
      { code: "port-taken", names: ["understudy.yaml", "8080", "web", "admin"] },
    ],
    [
      "with a cron line that is none",
      'name: shop\nschedule:\n  digest: { command: a, cron: "61 * * * *" }\n',
      { code: "bad-cron", names: ["understudy.yaml", "61"] },
    ],
    [
      "with a domain that is none",
      'name: shop\ndomains: ["https://www.example.com/"]\n',
      { code: "bad-format", names: ["understudy.yaml", "domains", "www.example.com"] },
    ],
  ])("%s", async (_title, text, { code, names }) => {
    const cwd = await folderWith({ "understudy.yaml": text });
    await expectClear(["check"], { cwd }, { exitCode: 2, code, names });
  });

  it("tells a person every problem with its line, without a stack trace", async () => {
    const cwd = await folderWith({ "understudy.yaml": "name: shop\nservcies: {}\ndomains: [a b]\n" });
    const outcome = await understudy(["check"], { cwd });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    expectNoTrace(outcome);
    expect(outcome.stderr).toMatch(/error: understudy\.yaml:2:1: .*servcies.*services/);
    expect(outcome.stderr).toMatch(/error: understudy\.yaml:3:\d+: domains.*host name/);
  });
});

describe("a name", () => {
  it("of a platform that there is not", async () => {
    const cwd = await folderWith({ "understudy.yaml": "name: shop\n" });
    const unknown = { exitCode: 2, code: "unknown-platform", names: ["herku", "heroku"] };
    await expectClear(["check", "--to", "herku"], { cwd }, unknown);
    await expectClear(["render", "--to", "herku", "-o", "out"], { cwd }, unknown);
  });

  it("of an option that there is not", async () => {
    const cwd = await folderWith();
    const names = ["--frobnicate"];
    await expectClear(["check", "--frobnicate"], { cwd }, { exitCode: 2, code: "wrong-usage", names });
    const { stderr } = await understudy(["check", "--frobnicate"], { cwd });
    expect(stderr).toContain("--help");
  });

  it("of a command that there is not", async () => {
    const outcome = await understudy(["cutoff"], { cwd: await folderWith() });
    expect(outcome).toMatchObject({ exitCode: 2, stdout: "" });
    expect(outcome.stderr).toContain("cutover");
  });
});

/** A project with a stack whose state and settings are there. */
async function project(): Promise<{
  readonly cwd: string;
  readonly state: string;
  readonly backend: string;
}> {
  const cwd = await folderWith({ Procfile: "web: node web.js\n" });
  await understudy(["init"], { cwd, env });
  const backend = join(cwd, "backend");
  await mkdir(backend);
  const deployment = { manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" }, resources: [] };
  await writeFile(join(cwd, "empty.json"), JSON.stringify({ version: 3, deployment }));
  const more = { ...env, PULUMI_BACKEND_URL: pathToFileURL(backend).href };
  const run = async (args: readonly string[], input?: string): Promise<void> => {
    const outcome = await understudy(args, { cwd, env: more, ...(input === undefined ? {} : { input }) });
    expect(outcome).toMatchObject({ exitCode: 0 });
  };
  await run(["config", "set", "primary", "connection.token", "--path", "--secret"], "t0ken");
  await run(["stack", "import", "primary", "--file", "empty.json", "--engine", "offline"]);
  const stacks = join(backend, ".pulumi", "stacks");
  const name = (await readdir(stacks, { recursive: true })).find((item) => item.endsWith("primary.json"));
  return { cwd, state: join(stacks, name ?? ""), backend };
}

describe("a stack", () => {
  let made: Awaited<ReturnType<typeof project>>;
  let more: Readonly<Record<string, string>>;
  beforeAll(async () => {
    made = await project();
    more = { PULUMI_BACKEND_URL: pathToFileURL(made.backend).href };
  });

  const preview = ["preview", "primary", "--engine", "offline"];

  it("outside of a project", async () => {
    const names = ["Pulumi.yaml", "--cwd"];
    await expectClear(preview, { cwd: await folderWith() }, { exitCode: 1, code: "no-project", names });
  });

  it("whose passphrase is missing, or another", async () => {
    const { cwd } = made;
    const list = ["config", "get", "primary", "connection", "--path"];
    const missing = await understudy([...preview, "--json"], { cwd, env: more });
    expect(JSON.parse(missing.stdout)).toMatchObject({ error: { code: "no-passphrase" } });
    const wrong = { exitCode: 1, code: "wrong-passphrase", names: ["PULUMI_CONFIG_PASSPHRASE"] };
    for (const args of [preview, list]) {
      await expectClear(args, { cwd, more: { ...more, PULUMI_CONFIG_PASSPHRASE: "battery staple" } }, wrong);
    }
  });

  it("whose state is locked by another machine's run", async () => {
    const { cwd, backend } = made;
    const [name = ""] = await readdir(join(backend, ".pulumi", "stacks"));
    const locks = join(backend, ".pulumi", "locks", "organization", name, "primary");
    await mkdir(locks, { recursive: true });
    const lock = join(locks, "other.json");
    onTestFinished(() => rm(lock));
    const content = {
      pid: 1,
      username: "ann",
      hostname: `not-${hostname()}`,
      timestamp: "2026-01-01T00:00:00Z",
    };
    await writeFile(lock, JSON.stringify(content));
    const names = ["ann@", "understudy stack unlock"];
    await expectClear(
      ["up", "primary", "--yes", "--engine", "offline"],
      { cwd, more },
      { exitCode: 1, code: "stack-locked", names },
    );
  });

  it("whose state is from a newer version, or was cut short", async () => {
    const { cwd, state } = made;
    const whole = await readFile(state, "utf8");
    await writeFile(state, whole.replace(/"version":\s*3/, '"version": 9'));
    const newer = { exitCode: 1, code: "state-too-new", names: [state, "version 9"] };
    await expectClear(preview, { cwd, more }, newer);
    await truncate(state, Math.floor(whole.length / 2));
    const damaged = { exitCode: 1, code: "bad-state", names: [state, "cut short", ".bak"] };
    await expectClear(preview, { cwd, more }, damaged);
    await writeFile(state, whole);
  });
});

/** A kit that is whole; what it names can't be reached. */
function someKit(): Kit {
  const site = (name: string, platform: string) => ({
    name,
    platform,
    settings: {},
    connection: {},
    traffic: { type: "CNAME", values: [`${name}.example.net`] },
  });
  return parseKit({
    version: 1,
    madeAt: "2026-01-01T00:00:00Z",
    app: parseApp({ name: "shop" }),
    sites: { primary: site("primary", "heroku"), mirror: site("mirror", "cloudfoundry") },
    home: "primary",
    traffic: { zone: {}, key: {} },
  });
}

describe("a kit", () => {
  const status = ["status", "--kit", "shop.kit"];

  it("that is not there", async () => {
    const names = ["shop.kit", "understudy kit -o"];
    await expectClear(status, { cwd: await folderWith() }, { exitCode: 1, code: "no-kit", names });
  });

  it("that has no passphrase, or another, or is damaged", async () => {
    const cwd = await folderWith();
    const path = join(cwd, "shop.kit");
    await sealKit(someKit(), path, passphrase);
    const without = { UNDERSTUDY_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE: "" };
    const missing = { exitCode: 1, code: "no-passphrase", names: ["UNDERSTUDY_PASSPHRASE"] };
    await expectClear(status, { cwd, more: without }, missing);
    const sealed = { exitCode: 1, code: "kit-sealed", names: ["shop.kit", "UNDERSTUDY_PASSPHRASE"] };
    await expectClear(status, { cwd, more: { UNDERSTUDY_PASSPHRASE: "battery staple" } }, sealed);
    await truncate(path, (await readFile(path)).length - 40);
    await expectClear(status, { cwd }, { ...sealed, names: ["shop.kit", "damaged"] });
    await writeFile(path, "hello");
    await expectClear(status, { cwd }, { exitCode: 1, code: "no-kit", names: ["shop.kit", "is no kit"] });
  });
});

describe("a port", () => {
  it("that is in use", async () => {
    const server = createServer().listen(0, "127.0.20.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const outcome = await understudy(
      ["local", "up", "--folder", "platforms", "--port", String(port), "--json"],
      {
        cwd: await folderWith(),
      },
    );
    expect(outcome.exitCode).toBe(1);
    expectNoTrace(outcome);
    const { error } = JSON.parse(outcome.stdout) as { readonly error: Told };
    expect(error).toMatchObject({ code: "port-in-use", message: expect.stringContaining(String(port)) });
  });

  it("that is none", async () => {
    const names = ["--port", "1 to 65535"];
    const cwd = await folderWith();
    await expectClear(
      ["local", "up", "--port", "70000"],
      { cwd },
      { exitCode: 2, code: "wrong-usage", names },
    );
  });
});
