import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heroku } from "../../../providers/heroku/index.ts";
import type { JsonObject } from "../../../src/base/json.ts";
import type { ResourceHandler, ResourceState } from "../../../src/platform/handler.ts";
import { PartialCreateError } from "../../../src/platform/partial.ts";
import { appArchive } from "../../local/heroku/app-archive.ts";
import { type Api, apiOf, until } from "../../local/heroku/client.ts";
import { type ServedHeroku, serveHeroku } from "../../local/heroku/serve.ts";

describe("the handler of a Heroku", () => {
  let served: ServedHeroku;
  let api: Api;
  let folder = "";
  let app = "";
  const warnings: string[] = [];

  beforeAll(async () => {
    served = await serveHeroku();
    api = apiOf(served);
    folder = await mkdtemp(join(tmpdir(), "understudy-handlers-"));
    app = (await create("App", { name: "handled" })).id;
  });
  afterAll(async () => {
    await served.close();
    await rm(folder, { recursive: true, force: true });
  });

  const context = (signal = new AbortController().signal) => ({
    connection: { url: served.url, token: served.token, dataUrl: served.url },
    log: { info: () => {}, warn: (message: string) => warnings.push(message) },
    signal,
  });
  function handlerOf(type: string): ResourceHandler {
    const handler = heroku.resources[`understudy:heroku:${type}`];
    if (handler === undefined) throw new Error(`There is no handler for ${type}.`);
    return handler;
  }
  const create = (type: string, inputs: JsonObject) =>
    handlerOf(type).create(context(), handlerOf(type).inputs.parse(inputs) as JsonObject);
  const read = (type: string, id: string, inputs?: JsonObject) =>
    handlerOf(type).read(context(), id, inputs === undefined ? undefined : { inputs, outputs: {} });
  const update = async (type: string, made: ResourceState, before: JsonObject, after: JsonObject) =>
    await handlerOf(type).update?.(context(), { ...made, inputs: before }, after);
  const config = async () => (await api("GET", "/apps/handled/config-vars")).body;
  async function archiveOf(name: string, files: Readonly<Record<string, string>>): Promise<JsonObject> {
    const path = join(folder, `${name}.tgz`);
    await writeFile(path, await appArchive(files));
    return { app, archive: path, sha256: name };
  }

  it("app reads by name, gives its id, and renames in place", async () => {
    const made = await create("App", { name: "renamed-soon", stack: "heroku-22" });
    const byName = await read("App", "renamed-soon");
    expect(byName).toMatchObject({
      id: made.id,
      inputs: { name: "renamed-soon", region: "us", stack: "heroku-22" },
    });
    const outputs = await update("App", made, { name: "renamed-soon" }, { name: "renamed-now" });
    expect(outputs).toMatchObject({ name: "renamed-now" });
    const taken = update("App", made, { name: "renamed-now" }, { name: "handled" });
    await expect(taken).rejects.toMatchObject({ code: "name-taken" });
    await api("DELETE", "/apps/renamed-now");
    expect(await read("App", made.id)).toBeUndefined();
  });

  it("config merges, and removes only what it had set", async () => {
    await api("PATCH", "/apps/handled/config-vars", { body: { THEIRS: "1" } });
    const before = { app, vars: { A: "1", B: "2" }, secretVars: { S: "x" }, roleVars: {} };
    const made = await create("Config", before);
    const after = { app, vars: { A: "3" }, secretVars: { S: "x" }, roleVars: {} };
    await update("Config", made, before, after);
    expect(await config()).toEqual({ THEIRS: "1", A: "3", S: "x" });
    await api("PATCH", "/apps/handled/config-vars", { body: { A: "drifted", S: null } });
    expect(await read("Config", made.id, after)).toMatchObject({
      inputs: { vars: { A: "drifted" }, secretVars: {} },
    });
    await handlerOf("Config").delete(context(), { ...made, inputs: after });
    expect(await config()).toEqual({ THEIRS: "1" });
  });

  it("add-on changes its plan and its name in place, and warns about options", async () => {
    const before = {
      app,
      service: "heroku-postgresql",
      plan: "essential-0",
      attachment: "DATABASE",
      options: {},
    };
    const made = await create("Addon", before);
    const url = (await config()).DATABASE_URL;
    const after = { ...before, plan: "essential-1", attachment: "MAIN", options: { version: "16" } };
    await update("Addon", made, before, after);
    expect(await config()).toMatchObject({ MAIN_URL: url });
    expect(await config()).not.toHaveProperty("DATABASE_URL");
    expect(warnings.join()).toContain("creation only");
    expect(await read("Addon", made.id, after)).toMatchObject({ inputs: after });
    await handlerOf("Addon").delete(context(), { ...made, inputs: after });
    expect(await read("Addon", made.id)).toBeUndefined();
  });

  it("add-on without a plan gets Heroku's usual one, and reads back as it was asked for", async () => {
    const asked = { app, service: "heroku-redis", plan: null, attachment: "PLANLESS", options: {} };
    const made = await create("Addon", asked);
    expect(await read("Addon", made.id, asked)).toMatchObject({ inputs: asked });
    expect(await read("Addon", made.id)).toMatchObject({ inputs: { plan: "mini" } });
    await handlerOf("Addon").delete(context(), { ...made, inputs: asked });
  });

  it("release tells drift: a rollback by hand is seen and put right, code that is there is not built again", async () => {
    const one = await archiveOf("one", { "version.txt": "1" });
    const two = await archiveOf("two", { "version.txt": "2" });
    const inputs = (values: JsonObject) => handlerOf("Release").inputs.parse(values) as JsonObject;
    const made = await create("Release", one);
    await update("Release", made, inputs(one), inputs(two));
    expect((await read("Release", made.id, inputs(two)))?.inputs).toEqual(inputs(two));

    const { body: releases } = await api("GET", "/apps/handled/releases");
    const first = releases.find(({ description }) => String(description).startsWith("Deploy"));
    await api("POST", "/apps/handled/releases", { body: { release: first?.version } });
    const drifted = await read("Release", made.id, inputs(two));
    expect(drifted?.inputs.sha256).not.toBe("two");

    await update("Release", made, drifted?.inputs ?? {}, inputs(two));
    const builds = (await api("GET", "/apps/handled/builds")).body.length;
    await create("Release", two);
    expect((await api("GET", "/apps/handled/builds")).body).toHaveLength(builds);
  });

  it("release fails with the output of its command, and the old code stays", async () => {
    const failing = await archiveOf("failing", {
      Procfile: "web: node web.js\nrelease: echo no such table; exit 1\n",
    });
    const failure = await create("Release", failing).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PartialCreateError);
    expect((failure as PartialCreateError).cause).toMatchObject({
      code: "release-failed",
      message: expect.stringContaining("no such table"),
    });
    const { body } = await api("GET", "/apps/handled/dynos");
    expect(body.map(({ command }) => command)).toEqual(["node web.js"]);
  });

  it("release fails with the log's end when its dynos crash", async () => {
    const crashing = await archiveOf("crashing", {
      "web.js": "console.log('no such module'); process.exit(1)",
    });
    const failure = await create("Release", crashing).catch((error: unknown) => error);
    expect((failure as PartialCreateError).cause).toMatchObject({
      code: "start-failed",
      path: "web.1",
      message: expect.stringContaining("no such module"),
    });
    await create("Release", await archiveOf("mended", { "version.txt": "3" }));
  });

  it("release keeps the archive's own line for a process without a command", async () => {
    const inputs = {
      ...(await archiveOf("own", { Procfile: "web: node web.js\nclock: sleep 9\n" })),
      files: { Procfile: "worker: sleep 8\n" },
      keepProcesses: ["web"],
    };
    await create("Release", inputs);
    const { body } = await api("GET", "/apps/handled/formation");
    expect(Object.fromEntries(body.map(({ type, command }) => [type, command]))).toEqual({
      web: "node web.js",
      worker: "sleep 8",
    });
  });

  it("release says which archive is missing", async () => {
    const failure = await create("Release", { app, archive: join(folder, "none.tgz"), sha256: "none" }).catch(
      (error: unknown) => error,
    );
    expect((failure as PartialCreateError).cause).toMatchObject({ code: "no-archive" });
  });

  it("formation counts what it names, in any case of sizes, and stops it when it goes", async () => {
    const inputs = {
      app,
      quantities: { web: 1, worker: 1 },
      sizes: { web: "Standard-1X", worker: "standard-1x" },
    };
    const made = await create("Formation", inputs);
    const checked = handlerOf("Formation").inputs.parse(inputs) as JsonObject;
    expect(await read("Formation", made.id, checked)).toEqual({ id: app, inputs: checked, outputs: {} });
    await api("PATCH", "/apps/handled/formation/worker", { body: { quantity: 0 } });
    expect((await read("Formation", made.id, checked))?.inputs.quantities).toEqual({ web: 1, worker: 0 });
    await handlerOf("Formation").delete(context(), { ...made, inputs: checked });
    await until(async () => (await api("GET", "/apps/handled/dynos")).body.length === 0);
  });

  it("buildpacks are set in their order, and read as they are written", async () => {
    const inputs = { app, buildpacks: ["heroku/nodejs", "https://example.com/bp.tgz"] };
    const made = await create("Buildpacks", inputs);
    expect(await read("Buildpacks", "handled", undefined)).toEqual({ id: app, inputs, outputs: {} });
    await update("Buildpacks", made, inputs, { app, buildpacks: ["heroku/python"] });
    expect((await read("Buildpacks", made.id))?.inputs.buildpacks).toEqual(["heroku/python"]);
    await handlerOf("Buildpacks").delete(context(), { ...made, inputs });
    expect((await read("Buildpacks", made.id))?.inputs.buildpacks).toEqual([]);
  });

  it("drain and domain are found by name of the app and of theirs, and go without harm twice", async () => {
    const drain = await create("Drain", { app, url: "syslog://127.0.0.1:1" });
    const domain = await create("Domain", { app, hostname: "*.example.com" });
    expect((await read("Domain", "handled/*.example.com"))?.id).toBe(domain.id);
    expect(domain.outputs).toMatchObject({
      traffic: { type: "CNAME", values: [expect.stringMatching(/herokudns/)] },
    });
    for (const [type, made] of [
      ["Drain", drain],
      ["Domain", domain],
    ] as const) {
      await handlerOf(type).delete(context(), { ...made, inputs: {} });
      await handlerOf(type).delete(context(), { ...made, inputs: {} });
      expect(await read(type, made.id)).toBeUndefined();
    }
  });

  it("anything stops at once when the run is cancelled, and nothing is kept as half made by mistake", async () => {
    const abort = new AbortController();
    const reason = new Error("Ctrl-C");
    abort.abort(reason);
    const cancelled = handlerOf("App").create(context(abort.signal), { name: "cancelled" });
    await expect(cancelled).rejects.toBe(reason);
    expect((await api("GET", "/apps/cancelled")).status).toBe(404);
  });

  it("app is described from what runs, without any value of its config", async () => {
    await api("PATCH", "/apps/handled/config-vars", { body: { TOKEN: "canary-8d1c" } });
    await create("Addon", { app, service: "heroku-redis", plan: "mini", attachment: "CACHE" });
    const described = await heroku.observeApp?.(context().connection, "handled");
    expect(described).toMatchObject({
      name: "handled",
      processes: { web: { command: "node web.js" }, worker: { command: "sleep 8" } },
      services: { cache: { type: "redis", plan: { heroku: "heroku-redis:mini" }, env: ["CACHE_URL"] } },
      secrets: { TOKEN: {}, THEIRS: {} },
    });
    expect(JSON.stringify(described)).not.toContain("canary");
  });
});
