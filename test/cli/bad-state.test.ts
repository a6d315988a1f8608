import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parseApp } from "../../src/app/parse.ts";
import { type Kit, parseKit, sealKit } from "../../src/failover/kit.ts";
import { folderWith } from "../import/import.ts";
import { understudy } from "../support/understudy.ts";
import { env, expectClear, passphrase } from "./clear.ts";

/** A project with a stack whose state and settings are there. */
async function project(): Promise<{
  readonly cwd: string;
  readonly state: string;
  readonly backend: string;
}> {
  const cwd = await mkdtemp(join(tmpdir(), "understudy-test-"));
  await writeFile(join(cwd, "Procfile"), "web: node web.js\n");
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
  await run(["config", "set", "primary", "understudy:connection.token", "--path", "--secret"], "t0ken");
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
  afterAll(() => rm(made.cwd, { recursive: true }));

  const preview = ["preview", "primary", "--engine", "offline"];

  it("outside of a project", async () => {
    const names = ["Pulumi.yaml", "--cwd"];
    await expectClear(preview, { cwd: await folderWith({}) }, { exitCode: 2, code: "no-project", names });
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
    await expectClear(status, { cwd: await folderWith({}) }, { exitCode: 1, code: "no-kit", names });
  });

  const sealed = { exitCode: 1, code: "kit-sealed", names: ["shop.kit", "UNDERSTUDY_PASSPHRASE", "damaged"] };

  it("whose passphrase is missing, or another", async () => {
    const cwd = await folderWith({});
    await sealKit(someKit(), join(cwd, "shop.kit"), passphrase);
    const without = { UNDERSTUDY_PASSPHRASE: "", PULUMI_CONFIG_PASSPHRASE: "" };
    const missing = { exitCode: 1, code: "no-passphrase", names: ["UNDERSTUDY_PASSPHRASE"] };
    await expectClear(status, { cwd, more: without }, missing);
    await expectClear(status, { cwd, more: { UNDERSTUDY_PASSPHRASE: "battery staple" } }, sealed);
  });

  it("that is damaged, or something else", async () => {
    const cwd = await folderWith({});
    const path = join(cwd, "shop.kit");
    await sealKit(someKit(), path, passphrase);
    await truncate(path, (await readFile(path)).length - 40);
    await expectClear(status, { cwd }, sealed);
    await writeFile(path, "hello");
    await expectClear(status, { cwd }, { exitCode: 1, code: "no-kit", names: ["shop.kit", "is no kit"] });
  });
});
