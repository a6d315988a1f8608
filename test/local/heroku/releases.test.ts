import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appArchive, deploy } from "./app-archive.ts";
import { type Api, apiOf, until } from "./client.ts";
import { type ServedHeroku, serveHeroku } from "./serve.ts";

interface Seen {
  readonly status: number;
  readonly text: string;
}

function visit(served: ServedHeroku, host: string, path = "/"): Promise<Seen> {
  const { address, port } = served.runtime.router;
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, port, path, headers: { host }, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject).end();
  });
}

async function logOf(api: Api, served: ServedHeroku, app: string, query: object = {}): Promise<string> {
  const { body } = await api("POST", `/apps/${app}/log-sessions`, { body: { lines: 1500, ...query } });
  expect(String(body.logplex_url)).toContain(served.url);
  return await (await fetch(String(body.logplex_url))).text();
}

describe("an app on the local Heroku", () => {
  let served: ServedHeroku;
  let api: Api;
  let host = "";
  beforeAll(async () => {
    served = await serveHeroku();
    api = apiOf(served);
    const { body } = await api("POST", "/apps", { body: { name: "running" } });
    host = new URL(String(body.web_url)).hostname;
  });
  afterAll(() => served.close());

  const releases = async () =>
    (await api("GET", "/apps/running/releases", { headers: { Range: "version ..; order=desc" } })).body;
  const formation = async () =>
    Object.fromEntries(
      (await api("GET", "/apps/running/formation")).body.map(({ type, quantity }) => [type, quantity]),
    );
  const dynos = async () =>
    (await api("GET", "/apps/running/dynos")).body.map(({ name, state }) => `${name} ${state}`).sort();
  const envOf = async (): Promise<Readonly<Record<string, string>>> => {
    const { status, text } = await visit(served, host);
    return status === 200 ? JSON.parse(text).env : {};
  };

  it("starts with releases v1 and v2, no formation, and H14 in its log", async () => {
    expect((await releases()).map(({ version }) => version)).toEqual([2, 1]);
    expect(await formation()).toEqual({});
    expect((await visit(served, host)).status).toBe(503);
    expect(await logOf(api, served, "running")).toMatch(
      /heroku\[router\]: at=error code=H14 desc="No web processes running" method=GET path="\/"/,
    );
  });

  it("builds a source, makes its formation, and runs one web dyno", async () => {
    const build = await deploy(api, "running", await appArchive());
    expect(build.status).toBe("succeeded");
    expect(await formation()).toEqual({ web: 1, worker: 0 });
    await until(async () => (await dynos()).join() === "web.1 up");
    const [newest] = await releases();
    expect(newest).toMatchObject({
      version: 3,
      current: true,
      status: "succeeded",
      description: "Deploy abcdef01",
    });
    const { text } = await visit(served, host);
    const { env, headers } = JSON.parse(text);
    expect(env).toMatchObject({ DYNO: "web.1", PORT: expect.stringMatching(/^\d+$/) });
    expect(headers).toMatchObject({ via: "1.1 vegur", "x-forwarded-for": "127.0.0.1" });
  });

  it("streams the build's output to its end", async () => {
    const { body } = await api("GET", "/apps/running/builds");
    const output = await (await fetch(String(body[0]?.output_stream_url))).text();
    expect(output).toContain("-----> Discovering process types: web, worker");
    expect(output).toContain("-----> Launching v3");
  });

  it.each([
    [{ quantity: "+1" }, 2],
    [{ quantity: "-1" }, 1],
    [{ quantity: "2" }, 2],
    [{ quantity: 1, dyno_size: { name: "standard-2x" } }, 1],
  ])("takes the quantity %j", async (change, quantity) => {
    const { status, body } = await api("PATCH", "/apps/running/formation/web", { body: change });
    expect([status, body.quantity]).toEqual([200, quantity]);
    await until(async () => (await dynos()).length === quantity);
  });

  it("answers sizes in their own spelling and refuses unknown ones, changing nothing then", async () => {
    const { body } = await api("GET", "/apps/running/formation/web");
    expect(body.size).toBe("Standard-2X");
    const updates = [
      { type: "worker", quantity: 1 },
      { type: "web", size: "gigantic" },
    ];
    expect((await api("PATCH", "/apps/running/formation", { body: { updates } })).status).toBe(422);
    expect(await formation()).toEqual({ web: 1, worker: 0 });
  });

  it("makes a release and restarts for a changed config var, and nothing for the same value again", async () => {
    const { body } = await api("PATCH", "/apps/running/config-vars", { body: { COLOR: "green" } });
    expect(body).toEqual({ COLOR: "green" });
    const [newest] = await releases();
    expect(newest).toMatchObject({ version: 4, description: "Set COLOR config vars" });
    await until(async () => (await envOf()).COLOR === "green");
    await api("PATCH", "/apps/running/config-vars", { body: { COLOR: "green" } });
    expect((await releases())[0]?.version).toBe(4);
  });

  it("runs the release command before the new dynos; when it fails the old release stays", async () => {
    const failing = { Procfile: "web: node web.js\nrelease: echo migrating $COLOR; test $COLOR = green\n" };
    await deploy(api, "running", await appArchive(failing));
    const release = await until(async () => {
      const [newest] = await releases();
      return newest?.status !== "pending" && newest;
    });
    expect(release).toMatchObject({ version: 5, status: "succeeded" });
    expect(await (await fetch(String(release.output_stream_url))).text()).toBe("migrating green\n");

    await api("PATCH", "/apps/running/config-vars", { body: { COLOR: "red" } });
    const failed = await until(async () => {
      const [newest] = await releases();
      return newest?.status !== "pending" && newest;
    });
    expect(failed).toMatchObject({ version: 6, status: "failed", current: false });
    expect((await releases()).filter(({ current }) => current).map(({ version }) => version)).toEqual([5]);
    expect((await api("GET", "/apps/running/config-vars")).body).toEqual({ COLOR: "green" });
    await until(async () => (await envOf()).COLOR === "green");
    expect(await logOf(api, served, "running")).toMatch(/app\[release\.\d+\]: migrating red/);
  });

  it("rolls back to the code and config of an earlier release", async () => {
    const { status, body } = await api("POST", "/apps/running/releases", { body: { release: "3" } });
    expect([status, body.description]).toEqual([201, "Rollback to v3"]);
    await until(async () => (await formation()).worker === 0);
    expect((await api("GET", "/apps/running/config-vars")).body).toEqual({});
    expect((await api("POST", "/apps/running/releases", { body: { release: "1" } })).status).toBe(422);
  });

  it("keeps the old release when a build fails", async () => {
    const build = await deploy(api, "running", Buffer.from("this is no archive"));
    expect(build).toMatchObject({ status: "failed", release: null, slug: null });
    await until(async () => (await visit(served, host)).status === 200);
  });

  it("serves the maintenance page while its dynos run", async () => {
    await api("PATCH", "/apps/running", { body: { maintenance: true } });
    const page = await visit(served, host);
    expect([page.status, page.text]).toEqual([503, expect.stringContaining("Offline for Maintenance")]);
    expect(await dynos()).toEqual(["web.1 up"]);
    expect(await logOf(api, served, "running", { source: "heroku" })).toContain("code=H80");
    await api("PATCH", "/apps/running", { body: { maintenance: false } });
    expect((await visit(served, host)).status).toBe(200);
  });

  it("answers H13 when a dyno closes without an answer", async () => {
    expect((await visit(served, host, "/drop")).status).toBe(503);
    expect(await logOf(api, served, "running")).toContain(
      'code=H13 desc="Connection closed without response"',
    );
  });

  it("serves a domain once it is added, and says where DNS must point", async () => {
    expect((await visit(served, "www.example.org")).status).toBe(404);
    const body = { hostname: "www.example.org", sni_endpoint: null };
    const { body: domain } = await api("POST", "/apps/running/domains", { body });
    expect(domain).toMatchObject({ kind: "custom", status: "succeeded" });
    expect(domain.cname).toMatch(/^[0-9a-f]+\.herokudns\.test$/);
    expect((await visit(served, "www.example.org")).status).toBe(200);
    expect((await api("POST", "/apps/running/domains", { body })).status).toBe(422);
    expect((await api("DELETE", "/apps/running/domains/www.example.org")).status).toBe(200);
    expect((await visit(served, "www.example.org")).status).toBe(404);
  });

  it("runs a detached one-off, whose output goes to the log", async () => {
    const { status, body } = await api("POST", "/apps/running/dynos", {
      body: { command: "echo hello from $DYNO; printf 'no line end'", attach: false },
    });
    expect([status, body.attach_url]).toEqual([201, null]);
    const name = String(body.name);
    const log = await until(async () => {
      const text = await logOf(api, served, "running", { dyno: name });
      return text.includes("Process exited with status 0") && text;
    });
    expect(log).toContain(`app[${name}]: hello from ${name}`);
    expect(log).toContain(`app[${name}]: no line end`);
    expect(log).not.toContain("web.1");
    expect((await api("GET", `/apps/running/dynos/${name}`)).status).toBe(404);
  });

  it("stops a one-off for good, and restarts a dyno of the formation", async () => {
    const { body } = await api("POST", "/apps/running/dynos", { body: { command: "exec sleep 1000" } });
    expect((await api("POST", `/apps/running/dynos/${body.name}/actions/stop`)).status).toBe(202);
    await until(async () => (await dynos()).join() === "web.1 up");
    const { body: before } = await api("GET", "/apps/running/dynos/web.1");
    expect((await api("DELETE", "/apps/running/dynos/web.1")).status).toBe(202);
    await until(async () => {
      const { status, body: after } = await api("GET", "/apps/running/dynos/web.1");
      return status === 200 && after.id !== before.id && after.state === "up";
    });
  });

  it("follows the log until the reader goes", async () => {
    const { body } = await api("POST", "/apps/running/log-sessions", { body: { lines: 1, tail: true } });
    const reader = new AbortController();
    const { body: stream } = await fetch(String(body.logplex_url), { signal: reader.signal });
    if (stream === null) throw new Error("The session has no body.");
    let seen = "";
    for await (const chunk of stream) {
      const first = seen === "";
      seen += Buffer.from(chunk).toString();
      if (first) await visit(served, host, "/while-following");
      if (seen.includes("/while-following")) break;
    }
    reader.abort();
    expect(seen).toMatch(/^id: \d+\ndata: |^data: /m);
  });

  it("reads the scripts of .profile.d before a command", async () => {
    await deploy(api, "running", await appArchive({ ".profile.d/a.sh": "export FROM_PROFILE=yes\n" }));
    await until(async () => (await envOf()).FROM_PROFILE === "yes");
  });

  it("leaves nothing when it is destroyed", async () => {
    const { status, body } = await api("DELETE", "/apps/running");
    expect([status, body.name]).toEqual([200, "running"]);
    expect((await api("GET", "/apps/running")).status).toBe(404);
    expect((await visit(served, host)).status).toBe(404);
  });
});
