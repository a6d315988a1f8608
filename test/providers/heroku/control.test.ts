import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heroku } from "../../../providers/heroku/index.ts";
import { appSchema } from "../../../src/app/schema.ts";
import type { SiteControl } from "../../../src/platform/contract.ts";
import { openProxy } from "../../contract/proxy.ts";
import { appArchive, deploy } from "../../local/heroku/app-archive.ts";
import { type Api, apiOf, until } from "../../local/heroku/client.ts";
import { type ServedHeroku, serveHeroku } from "../../local/heroku/serve.ts";
import { temporaryFolder } from "../../support/folder.ts";

const description = appSchema.parse({
  name: "steered",
  processes: { web: { http: { health: { path: "/ready" } } } },
  services: { "main-db": { type: "postgres", env: ["DATABASE_DSN"] } },
});

describe("the control of a Heroku site", () => {
  let served: ServedHeroku;
  let api: Api;
  let control: SiteControl;
  beforeAll(async () => {
    served = await serveHeroku();
    api = apiOf(served);
    control = controlAt(served.url);
    await api("POST", "/apps", { body: { name: "steered" } });
    await deploy(api, "steered", await appArchive());
    const attachment = { name: "MAIN_DB" };
    await api("POST", "/apps/steered/addons", {
      body: { plan: "heroku-postgresql:essential-0", attachment },
    });
    await until(async () => (await api("GET", "/apps/steered/config-vars")).body.MAIN_DB_URL !== undefined);
    await until(async () => (await api("GET", "/apps/steered/dynos")).body[0]?.state === "up");
  });
  afterAll(() => served.close());

  const controlAt = (url: string): SiteControl =>
    heroku.connect(
      { url, token: served.token, dataUrl: url },
      {
        name: "primary",
        app: description,
        settings: { entrance: { ...served.runtime.router, tls: false } },
      },
    );

  it("reads a service's URL anew after a rotation, whatever the app calls it", async () => {
    const before = await control.serviceUrl("main-db");
    const { body } = await api("GET", "/apps/steered/addon-attachments/MAIN_DB");
    const { id } = body.addon as { readonly id: string };
    await api("POST", `/postgres/v0/databases/${id}/credentials_rotation`);
    const after = await control.serviceUrl("main-db");
    expect(after).not.toBe(before);
    expect(after).toMatch(/^postgres:/);
  });

  it("asks the health path under the app's own host name when it has no domain", async () => {
    await until(async () => (await control.health()).healthy);
    const { detail } = await control.health();
    expect(detail).toMatch(/^GET \/ready of steered-[0-9a-f]{12}\.herokudns\.test answered 200 in \d+ ms$/);
  });

  it("is not healthy when nothing answers at the entrance, and says why", async () => {
    const nowhere = heroku.connect(
      { url: served.url, token: served.token, dataUrl: served.url },
      {
        name: "primary",
        app: description,
        settings: { entrance: { address: "127.0.0.1", port: 1, tls: false } },
      },
    );
    expect(await nowhere.health()).toEqual({
      healthy: false,
      detail: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("runs a command of several lines, with both of its outputs, and shows no line twice", async () => {
    const { exitCode, output } = await control.run("echo one\necho two >&2\nprintf three");
    expect([exitCode, output]).toEqual([0, "one\ntwo\nthree"]);
  });

  it("runs a command once when the answer to its start was lost", async () => {
    const proxy = await openProxy(served.url);
    const found = join(await temporaryFolder(), "found");
    let lost = 0;
    proxy.misfortune = ({ method, path }) => {
      if (method !== "POST") return { kind: "pass" };
      // Who asks for its log has found the dyno.
      if (path.endsWith("/log-sessions")) writeFileSync(found, "");
      return path.endsWith("/dynos") && lost++ === 0 ? { kind: "lose-answer" } : { kind: "pass" };
    };
    try {
      const command = `echo ran; until [ -e ${found} ]; do sleep 0.1; done`;
      const { output } = await controlAt(proxy.url).run(command);
      expect(output).toBe("ran");
      const { body } = await api("POST", "/apps/steered/log-sessions", { body: { lines: 1500 } });
      const log = await (await fetch(String(body.logplex_url))).text();
      expect(log.match(/app\[run\.\d+\]: ran/g)).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });

  it("doesn't guess when the dyno of a lost start is gone", async () => {
    const proxy = await openProxy(served.url);
    proxy.misfortune = ({ method, path }) =>
      method === "POST" && path.endsWith("/dynos") ? { kind: "answer", status: 503 } : { kind: "pass" };
    try {
      await expect(controlAt(proxy.url).run("true")).rejects.toMatchObject({
        code: "run-uncertain",
        suggestion: expect.any(String),
      });
    } finally {
      await proxy.close();
    }
  });

  it("stops the dyno of a command that was given up", async () => {
    const abort = new AbortController();
    const running = control.run("sleep 1000", { signal: abort.signal });
    const oneOffs = async () =>
      (await api("GET", "/apps/steered/dynos")).body.filter(({ type }) => type === "run");
    await until(async () => (await oneOffs()).length === 1);
    abort.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await until(async () => (await oneOffs()).length === 0);
  });
});
