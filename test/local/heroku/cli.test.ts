import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { appArchive, deploy } from "./app-archive.ts";
import { cliOf, type HerokuCli, type InstalledCli, installCli } from "./cli.ts";
import { apiOf, until } from "./client.ts";
import { type ServedHeroku, serveHeroku } from "./serve.ts";

// Each command takes seconds to start on a busy machine.
describe("the real heroku command line on the local Heroku", { timeout: 600_000 }, () => {
  let served: ServedHeroku;
  let installed: InstalledCli;
  let home = "";
  let heroku: HerokuCli;

  beforeAll(async () => {
    installed = await installCli();
    if ("missing" in installed) return;
    home = await mkdtemp(join(tmpdir(), "understudy-heroku-home-"));
    served = await serveHeroku();
    heroku = cliOf(installed.path, home, served);
  }, 600_000);
  afterAll(async () => {
    await served?.close();
    if (home !== "") await rm(home, { recursive: true, force: true });
  });
  beforeEach(({ skip }) => {
    if ("missing" in installed) skip(installed.missing);
  });

  const app = ["--app", "shop"];

  it("apps:create, apps, apps:info", async () => {
    const created = await heroku("apps:create", "shop");
    expect(created.stdout).toMatch(/http:\/\/shop-[0-9a-f]{12}\.herokudns\.test:\d+\//);
    expect((await heroku("apps")).stdout).toMatch(/dev@example\.com Apps[\s\S]*shop/);
    const info = await heroku("apps:info", ...app);
    expect(info.stdout).toMatch(
      /=== shop[\s\S]*Owner:\s+dev@example\.com\s+Region:\s+us[\s\S]*Stack:\s+heroku-24/,
    );
  });

  it("says that a name is taken", async () => {
    await expect(heroku("apps:create", "shop")).rejects.toThrow(/already taken/);
  });

  it("config:set, config, config:get, config:unset", async () => {
    const set = await heroku("config:set", "COLOR=green", "SIZE=2", ...app);
    expect(set.stdout + set.stderr).toMatch(/Setting COLOR, SIZE and restarting.*v3/);
    expect((await heroku("config", ...app)).stdout).toMatch(/COLOR:\s+green\s+SIZE:\s+2/);
    expect((await heroku("config:get", "COLOR", ...app)).stdout).toBe("green");
    const unset = await heroku("config:unset", "SIZE", ...app);
    expect(unset.stdout + unset.stderr).toContain("v4");
    expect((await apiOf(served)("GET", "/apps/shop/config-vars")).body).toEqual({ COLOR: "green" });
  });

  it("addons:create, addons", async () => {
    const created = await heroku("addons:create", "heroku-postgresql:essential-0", ...app, "--wait");
    expect(created.stdout + created.stderr).toMatch(/Created postgresql-\S+ as DATABASE_URL/);
    const listed = (await heroku("addons", ...app)).stdout;
    expect(listed).toMatch(/heroku-postgresql[\s\S]*essential-0[\s\S]*created[\s\S]*as DATABASE/);
  });

  it("domains:add, domains", async () => {
    await heroku("domains:add", "www.example.com", ...app);
    const listed = (await heroku("domains", ...app)).stdout;
    expect(listed).toMatch(/shop-[0-9a-f]{12}\.herokudns\.test/);
    expect(listed).toMatch(/www\.example\.com\s+CNAME\s+[0-9a-f]+\.herokudns\.test/);
  });

  it("ps, ps:scale, ps:restart", async () => {
    const api = apiOf(served);
    await deploy(api, "shop", await appArchive());
    await until(async () => (await api("GET", "/apps/shop/dynos")).body[0]?.state === "up");
    expect((await heroku("ps", ...app)).stdout).toMatch(/=== web \(Basic\).*node web\.js \(1\)\s+web\.1: up/);
    const scaled = await heroku("ps:scale", "web=2", "worker+1", ...app);
    expect(scaled.stdout + scaled.stderr).toMatch(/web at 2:Basic, worker at 1:Basic/);
    await until(async () => (await api("GET", "/apps/shop/dynos")).body.length === 3);
    const { body: before } = await api("GET", "/apps/shop/dynos/web.1");
    await heroku("ps:restart", ...app);
    await until(async () => (await api("GET", "/apps/shop/dynos/web.1")).body.id !== before.id);
  });

  it("releases", async () => {
    const listed = (await heroku("releases", ...app)).stdout;
    expect(listed).toMatch(/Current: v6/);
    expect(listed).toMatch(/v6\s+Deploy abcdef01/);
    expect(listed).toMatch(/v3\s+Set COLOR, SIZE config vars/);
  });

  it("maintenance:on, maintenance:off", async () => {
    const isOn = async () => (await apiOf(served)("GET", "/apps/shop")).body.maintenance;
    await heroku("maintenance:on", ...app);
    expect(await isOn()).toBe(true);
    await heroku("maintenance:off", ...app);
    expect(await isOn()).toBe(false);
  });

  it("logs", async () => {
    const lines = (await heroku("logs", "--num", "500", ...app)).stdout;
    expect(lines).toMatch(/app\[web\.1\]: booting/);
    expect(lines).toMatch(/heroku\[web\.1\]: State changed from starting to up/);
  });

  it("drains", async () => {
    const url = "syslog://127.0.0.1:1";
    await apiOf(served)("POST", "/apps/shop/log-drains", { body: { url } });
    expect((await heroku("drains", ...app)).stdout).toContain(url);
  });

  it("addons:destroy", async () => {
    await heroku("addons:destroy", "DATABASE", ...app, "--confirm", "shop");
    expect((await apiOf(served)("GET", "/addons")).body).toEqual([]);
  });

  it("refuses a wrong key", async () => {
    if ("missing" in installed) return;
    const stranger = cliOf(installed.path, home, { ...served, token: "wrong" });
    await expect(stranger("apps")).rejects.toThrow(/token provided to HEROKU_API_KEY is invalid/);
  });
});
