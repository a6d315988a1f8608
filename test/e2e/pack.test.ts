import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunResult, run } from "../../src/base/run.ts";
import { startPlugin } from "../../src/engine/plugin-process.ts";
import type { LocalInfo } from "../../src/local/info.ts";
import { processesNaming } from "../support/process.ts";
import { writeApp } from "./app.ts";

vi.setConfig({ testTimeout: 300_000 });

const root = fileURLToPath(new URL("../..", import.meta.url));
const bin = join(root, "node_modules", ".bin");
const env = {
  PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
  PULUMI_CONFIG_PASSPHRASE: "correct horse",
};

const registry = await run("npm", ["ping"], { env, timeoutMs: 30_000, allowFailure: true }).catch(
  () => undefined,
);

/** What a build reads. It is copied: two builds at once in one folder would be in each other's way. */
const sources = [
  "src",
  "providers",
  "stacks",
  "script",
  "docs",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];

let folder: string;
let home: string;
let installed: string;

async function pack(): Promise<string> {
  const copy = join(folder, "copy");
  await mkdir(copy);
  for (const path of [...sources, "README.md", "LICENSE"])
    await cp(join(root, path), join(copy, path), { recursive: true });
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  const args = ["pack", "--json", "--pack-destination", folder];
  const { exitCode, stdout } = await run("npm", args, { cwd: copy, env, allowFailure: true });
  expect(exitCode, stdout).toBe(0);
  // What the build prints comes before it.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf("["))) as [{ readonly filename: string }];
  await rm(copy, { recursive: true });
  return join(folder, filename);
}

function understudy(args: readonly string[], cwd = home, input?: string): Promise<RunResult> {
  const options = { cwd, env, ...(input === undefined ? {} : { input }) };
  return run(join(home, "node_modules", ".bin", "understudy"), args, options);
}

// Node strips no types below node_modules, so that only an installed package shows whether what is published works.
describe.skipIf(registry?.exitCode !== 0)("the published package (needs an npm registry)", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "understudy-test-"));
    home = join(folder, "home");
    await mkdir(home);
    const tarball = await pack();
    await writeFile(join(home, "package.json"), JSON.stringify({ name: "home", private: true }));
    await run("npm", ["install", tarball, "--no-audit", "--no-fund", "--prefer-offline"], { cwd: home, env });
    installed = join(home, "node_modules", "understudy");
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is JavaScript with types, and holds no sources of ours", async () => {
    const { main, bin: bins } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
      readonly main?: string;
      readonly bin: Readonly<Record<string, string>>;
    };
    expect(main).toBeUndefined();
    expect(await readFile(join(installed, bins.understudy ?? ""), "utf8")).toMatch(
      /^#!\/usr\/bin\/env node\n/,
    );
    await expect(readFile(join(installed, "src", "cli", "main.ts"))).rejects.toMatchObject({
      code: "ENOENT",
    });
  });

  it("gives a command that tells its version, imports and checks", async () => {
    const app = join(home, "imported");
    await writeApp(app);
    const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
      readonly version: string;
    };
    expect((await understudy(["--version"])).stdout.trim()).toBe(version);
    const { stdout } = await understudy(["import", app, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ app: { name: "notes", processes: { web: {}, worker: {} } } });
    expect((await understudy(["check", "--to", "heroku"], app)).stdout).toContain("notes on Heroku");
  });

  it("gives a plugin that tells its port and answers", async () => {
    const command = join(installed, "dist", "providers", "pulumi-resource-understudy");
    const plugin = await startPlugin(
      { command, args: [] },
      {
        engineAddress: "127.0.0.1:1",
        cwd: home,
        env: { ...process.env, ...env },
        onOutput: () => {},
      },
    );
    const client = new providerGrpc.ResourceProviderClient(plugin.address, grpc.credentials.createInsecure());
    try {
      const version = await new Promise<string>((resolve, reject) => {
        client.getPluginInfo(new empty.Empty(), (error, info) =>
          error === null ? resolve(info.getVersion()) : reject(error),
        );
      });
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
    } finally {
      client.close();
      await plugin.close();
    }
  });

  it("stands an app up with the offline engine, on platforms of its own", async () => {
    const app = join(home, "notes");
    await writeApp(app);
    const platforms = join(folder, "local");
    const { stdout } = await understudy(["local", "up", "--folder", platforms, "--json"]);
    try {
      const { heroku, dns } = JSON.parse(stdout) as LocalInfo;
      await understudy(["init", "--zone", dns.zone, "--server", dns.server], app);
      const settings = { url: heroku.url, dataUrl: heroku.url };
      for (const [key, value] of Object.entries(settings)) {
        await understudy(["config", "set", "primary", `understudy:connection.${key}`, "--path", value], app);
      }
      const router = { address: heroku.router.address, port: String(heroku.router.port) };
      for (const [key, value] of Object.entries(router)) {
        await understudy(
          ["config", "set", "primary", `understudy:settings.entrance.${key}`, "--path", value],
          app,
        );
      }
      const token = ["config", "set", "primary", "understudy:connection.token", "--path", "--secret"];
      await understudy(token, app, heroku.token);
      const up = ["up", "primary", "--yes", "--engine", "offline", "--json"];
      expect(JSON.parse((await understudy(up, app)).stdout)).toMatchObject({ result: "succeeded" });
      expect(JSON.parse((await understudy(up, app)).stdout)).toMatchObject({ steps: [] });
    } finally {
      await understudy(["local", "down", "--folder", platforms]);
    }
    await expect.poll(() => processesNaming(folder), { timeout: 30_000 }).toEqual([]);
  });
});
