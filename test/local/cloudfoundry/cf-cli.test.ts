import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { UnderstudyError } from "../../../src/base/errors.ts";
import { run } from "../../../src/base/run.ts";
import { firstOrganization, firstSpace } from "../../../src/local/cloudfoundry/face.ts";
import { type Api, echoApp, logIn } from "./api.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "./serve.ts";

let served: ServedCloudFoundry;
let api: Api;
let folder: string;
let isThere = false;

beforeAll(async () => {
  isThere = await run("cf", ["version"]).then(
    () => true,
    (error: unknown) => {
      if (error instanceof UnderstudyError && error.code === "command-missing") return false;
      throw error;
    },
  );
  if (!isThere) return;
  served = await serveCloudFoundry();
  api = await logIn(served);
  folder = await mkdtemp(join(tmpdir(), "understudy-cf-cli-"));
  const files = {
    ...echoApp,
    "manifest.yml": "applications: [{name: pushed, memory: 64M, env: {COLOR: green}}]\n",
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
});
afterAll(async () => {
  if (!isThere) return;
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

const cf = async (...args: readonly string[]): Promise<string> => {
  const env = { CF_HOME: folder, CF_PASSWORD: served.password, CF_COLOR: "false" };
  const { stdout } = await run("cf", args, { cwd: folder, env, timeoutMs: 120_000 });
  return stdout;
};

it("serves the real cf command through an app's whole life", async ({ skip }) => {
  skip(!isThere, "there is no cf command on PATH");
  await cf("api", served.url);
  await run("cf", ["auth", served.username], {
    cwd: folder,
    env: { CF_HOME: folder, CF_USERNAME: served.username, CF_PASSWORD: served.password },
  });
  await cf("target", "-o", firstOrganization, "-s", firstSpace);
  expect(await cf("push", "-f", "manifest.yml")).toContain("#0   running");
  expect((await api.echo("pushed.apps.test")).env.COLOR).toBe("green");
  expect(await cf("apps")).toMatch(/pushed\s+started\s+web:1\/1/);
  expect(await cf("app", "pushed")).toContain("pushed.apps.test");
  expect(await cf("scale", "pushed", "-i", "2")).toMatch(/instances:\s+\d\/2/);
  await cf("set-env", "pushed", "COLOR", "blue");
  await cf("create-service", "postgres", "small", "db", "--wait");
  await cf("bind-service", "pushed", "db", "--wait");
  expect(await cf("services")).toMatch(/db\s+postgres\s+small\s+pushed/);
  await cf("restart", "pushed", "--strategy", "rolling");
  const { env } = await api.echo("pushed.apps.test");
  expect(env).toMatchObject({ COLOR: "blue", DATABASE_URL: expect.stringMatching(/^postgres:/) });
  await cf("run-task", "pushed", "--command", "echo from the task", "--wait");
  expect(await cf("logs", "pushed", "--recent")).toContain("from the task");
  await cf("delete", "-f", "-r", "pushed");
  await cf("delete-service", "-f", "db", "--wait");
  expect(await cf("apps")).toContain("No apps found");
});
