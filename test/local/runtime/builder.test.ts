import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ZipFile } from "yazl";
import type { Env, Slug } from "../../../src/local/runtime/contract.ts";
import { eventually, runs } from "../../support/process.ts";
import { archiveOf, openRuntime, type TestRuntime } from "../../support/runtime.ts";

let suite: TestRuntime;
beforeAll(async () => {
  suite = await openRuntime();
});
afterAll(() => suite.close());

interface Built {
  readonly slug: Slug;
  readonly log: readonly string[];
}

async function build(archive: Uint8Array, env: Env = {}): Promise<Built> {
  const log: string[] = [];
  const slug = await suite.runtime.builder.build(archive, { env, onOutput: (line) => log.push(line) });
  return { slug, log };
}

/** What a slug prints, run as a one-off. */
async function outputOf(slug: Slug, command: string): Promise<string> {
  const { done } = suite.runtime.supervisor.runOnce("app", {
    name: "run.1",
    slug: slug.id,
    command,
    env: {},
  });
  return (await done).output.trim();
}

test("takes a Procfile as it is", async () => {
  const { slug } = await build(await archiveOf({ Procfile: "web: ./run\nclock: ./tick", run: "x" }));
  expect(slug).toMatchObject({
    buildpack: "heroku/procfile",
    processTypes: { web: "./run", clock: "./tick" },
  });
  expect(slug.sizeBytes).toBe("web: ./run\nclock: ./tick".length + 1);
  expect(await suite.runtime.builder.get(slug.id)).toEqual(slug);
});

test("installs what a Node.js app depends on and no development dependencies, and runs its build", async () => {
  const files = {
    "package.json": JSON.stringify({
      name: "app",
      scripts: { build: "built", start: "node server.js" },
      dependencies: { kept: "file:./kept" },
      devDependencies: { tool: "file:./tool" },
    }),
    "kept/package.json": JSON.stringify({ name: "kept", version: "1.0.0" }),
    "kept/index.js": "module.exports = 'kept';",
    "tool/package.json": JSON.stringify({ name: "tool", version: "1.0.0", bin: { built: "./tool.js" } }),
    "tool/tool.js":
      "#!/usr/bin/env node\nrequire('fs').writeFileSync('made.txt', process.env.FLAVOUR + ' ' + require('kept'));",
  };
  const archive = await archiveOf(files);
  const { slug } = await build(archive, { FLAVOUR: "plain" });
  expect(slug).toMatchObject({ buildpack: "heroku/nodejs", processTypes: { web: "npm start" } });
  expect(await readFile(join(slug.folder, "made.txt"), "utf8")).toBe("plain kept");
  expect(await outputOf(slug, "ls node_modules; node -p 'require(\"kept\")'")).toBe("kept\nkept");
  // The build read the environment: another one is another slug, the same one is not built again.
  const other = await build(archive, { FLAVOUR: "salted" });
  expect(await readFile(join(other.slug.folder, "made.txt"), "utf8")).toBe("salted kept");
  const again = await build(archive, { FLAVOUR: "plain" });
  expect(again.slug).toEqual(slug);
  expect(again.log).toEqual(["Built before from the same source: that is used again"]);
});

test("runs a Node.js app without dependencies without an install", async () => {
  const archive = await archiveOf({ "package.json": '{"name":"app"}', "server.js": "" });
  const { slug, log } = await build(archive);
  expect(slug.processTypes).toEqual({ web: "node server.js" });
  expect(log).toEqual(["package.json: a Node.js app"]);
});

/** A Python package as pip takes it without an index: pure, prebuilt, of one module. */
async function wheel(): Promise<Uint8Array> {
  const zip = new ZipFile();
  const metadata = "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n";
  const about = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
  zip.addBuffer(Buffer.from("word = 'hello'\n"), "greet.py");
  zip.addBuffer(Buffer.from(metadata), "greet-1.0.dist-info/METADATA");
  zip.addBuffer(Buffer.from(about), "greet-1.0.dist-info/WHEEL");
  zip.addBuffer(Buffer.from(""), "greet-1.0.dist-info/RECORD");
  zip.end();
  return await buffer(zip.outputStream);
}

test("installs what a Python app requires", async () => {
  const name = "greet-1.0-py3-none-any.whl";
  const archive = await archiveOf({
    Procfile: "web: python3 web.py",
    "requirements.txt": `# one\n./${name}\n`,
    [name]: await wheel(),
  });
  const { slug } = await build(archive);
  expect(slug).toMatchObject({ buildpack: "heroku/python", processTypes: { web: "python3 web.py" } });
  expect(await outputOf(slug, "python3 -c 'import greet; print(greet.word)'")).toBe("hello");
});

test("a Python app without requirements needs no pip", async () => {
  const { log } = await build(await archiveOf({ Procfile: "web: x", "requirements.txt": "\n# none\n" }));
  expect(log).toEqual(["requirements.txt: a Python app"]);
});

test("a build that fails shows the end of its log", async () => {
  const scripts = { build: "echo looking; echo 'it is the flux' >&2; exit 7" };
  const archive = await archiveOf({ "package.json": JSON.stringify({ name: "app", scripts }) });
  const failure = build(archive);
  await expect(failure).rejects.toMatchObject({ code: "build-failed" });
  await expect(failure).rejects.toThrow(/'npm run build'.*exit code 7[\s\S]*it is the flux/);
});

test("a package.json that can't be read fails the build and is named", async () => {
  await expect(build(await archiveOf({ "package.json": "{" }))).rejects.toMatchObject({
    code: "build-failed",
    path: "package.json",
  });
});

test("equal archives at the same time give one slug", async () => {
  const archive = await archiveOf({ Procfile: "web: at-once" });
  const [one, two] = await Promise.all([build(archive, { A: "1" }), build(archive, { A: "2" })]);
  expect(one.slug).toEqual(two.slug);
  await suite.runtime.builder.remove(one.slug.id);
  expect(await suite.runtime.builder.get(one.slug.id)).toBeUndefined();
});

test("an id that is a path finds nothing", async () => {
  expect(await suite.runtime.builder.get("../../etc")).toBeUndefined();
});

test("closing the runtime ends a build that is under way", async () => {
  const { runtime, close } = await openRuntime();
  const scripts = { build: "echo $$; sleep 1000" };
  const archive = await archiveOf({ "package.json": JSON.stringify({ name: "app", scripts }) });
  const log: string[] = [];
  const failure = runtime.builder.build(archive, { env: {}, onOutput: (line) => log.push(line) });
  failure.catch(() => {});
  await eventually("the build's script runs", () => log.some((line) => /^\d+$/.test(line)));
  const pid = Number(log.find((line) => /^\d+$/.test(line)));
  await close();
  await expect(failure).rejects.toMatchObject({ code: "build-failed" });
  await eventually("its script is gone", async () => !(await runs(pid)));
});
