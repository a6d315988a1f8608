import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, apiOf } from "./client.ts";
import { type ServedHeroku, serveHeroku } from "./serve.ts";

describe("the local Heroku's protocol", () => {
  let served: ServedHeroku;
  let api: Api;
  beforeAll(async () => {
    served = await serveHeroku();
    api = apiOf(served);
    await api("POST", "/apps", { body: { name: "protocol" } });
  });
  afterAll(() => served.close());

  it.each(["*/*", "application/json", "application/vnd.heroku+json; version=2", ""])(
    "answers 406 to Accept: %s",
    async (accept) => {
      const { status, body } = await api("GET", "/apps", { headers: { Accept: accept } });
      expect([status, body.id]).toEqual([406, "not_acceptable"]);
    },
  );

  it.each(["", ".sdk", ".docker-releases", ".pipelines"])("takes version 3%s", async (variant) => {
    const Accept = `application/vnd.heroku+json; version=3${variant}`;
    expect((await api("GET", "/apps", { headers: { Accept } })).status).toBe(200);
  });

  it.each(["Bearer wrong", "Basic OnNvbWV0aGluZw==", "Token a-token-for-tests", ""])(
    "answers 401 to Authorization: %s",
    async (authorization) => {
      const { status, body } = await api("GET", "/apps", { headers: { Authorization: authorization } });
      expect([status, body.id]).toEqual([401, "unauthorized"]);
    },
  );

  it("takes the key as a Basic password, whatever the user", async () => {
    const basic = Buffer.from(`someone@example.com:${served.token}`).toString("base64");
    expect((await api("GET", "/apps", { headers: { Authorization: `Basic ${basic}` } })).status).toBe(200);
  });

  it("answers 400 to a body that is no JSON", async () => {
    const { status, body } = await api("POST", "/apps", { body: "{" });
    expect([status, body.id]).toEqual([400, "bad_request"]);
  });

  it.each([
    ["POST", "/apps", { name: "x" }],
    ["POST", "/apps", { name: "Protocol" }],
    ["POST", "/apps", { name: "protocol" }],
    ["POST", "/apps", { name: "other", unknown: 1 }],
    ["POST", "/apps", { name: "other", region: "mars" }],
    ["POST", "/apps", { name: "other", stack: "cedar-10" }],
    ["PATCH", "/apps/protocol", { maintenance: "yes" }],
    ["PATCH", "/apps/protocol/config-vars", { A: 1 }],
    ["PATCH", "/apps/protocol/config-vars", { "A-B": "1" }],
    ["PATCH", "/apps/protocol/config-vars", { __A: "1" }],
    ["PATCH", "/apps/protocol/config-vars", { A: "x".repeat(33_000) }],
    ["POST", "/apps/protocol/domains", { hostname: "www.example.com" }],
    ["POST", "/apps/protocol/domains", { hostname: "not a host", sni_endpoint: null }],
    ["POST", "/apps/protocol/log-drains", { url: "ftp://example.com" }],
    ["POST", "/apps/protocol/builds", {}],
    ["POST", "/apps/protocol/dynos", { command: "true" }],
    ["POST", "/apps/protocol/addons", {}],
    ["PATCH", "/apps/protocol/formation", {}],
  ])("answers 422 to %s %s %j", async (method, path, body) => {
    const answer = await api(method, path, { body });
    expect([answer.status, answer.body.id]).toEqual([422, "invalid_params"]);
    expect(answer.body.message).toEqual(expect.any(String));
  });

  it.each([
    ["GET", "/apps/nobody", "app"],
    ["GET", "/apps/nobody/config-vars", "app"],
    ["GET", "/addons/nothing", "add_on"],
    ["GET", "/apps/protocol/addons/nothing", "add_on"],
    ["GET", "/apps/protocol/domains/nothing.example.com", "domain"],
    ["GET", "/apps/protocol/releases/99", "release"],
    ["GET", "/apps/protocol/builds/nothing", "build"],
    ["GET", "/apps/protocol/dynos/web.1", "dyno"],
    ["GET", "/apps/protocol/formation/web", "process_type"],
    ["GET", "/apps/protocol/log-drains/nothing", "log_drain"],
    ["GET", "/apps/protocol/features/nothing", "feature"],
    ["GET", "/addon-attachments/nothing", "attachment"],
    ["GET", "/teams/nobody", "team"],
  ])("answers 404 to %s %s, naming the resource", async (method, path, resource) => {
    const { status, body } = await api(method, path);
    expect([status, body.id, body.resource]).toEqual([404, "not_found", resource]);
  });

  it("answers 404 to what isn't in the API, and 401 first", async () => {
    expect((await api("GET", "/no-such-thing")).status).toBe(404);
    expect((await api("GET", "/no-such-thing", { headers: { Authorization: "" } })).status).toBe(401);
  });

  it.each([
    ["POST", "/apps/protocol/addons", { plan: "heroku-postgresql:no-such-plan" }],
    ["POST", "/apps/protocol/addons", { plan: "no-such-service" }],
    ["PATCH", "/apps/protocol/formation", { updates: [{ type: "web", quantity: 1 }] }],
    ["POST", "/teams/apps", { name: "other", team: "nobody" }],
    ["POST", "/teams/apps", { name: "other", space: "nowhere" }],
  ])("answers 404 to %s %s %j", async (method, path, body) => {
    const answer = await api(method, path, { body });
    expect([answer.status, answer.body.id]).toEqual([404, "not_found"]);
  });

  it("gives every answer an id, after the one that was sent", async () => {
    const { headers } = await api("GET", "/apps", { headers: { "Request-Id": "mine" } });
    expect(headers.get("request-id")).toMatch(/^mine,[0-9a-f-]{36}$/);
  });

  it("answers 304 to an ETag that is still good", async () => {
    const first = await fetch(`${served.url}/regions`, {
      headers: { Accept: "application/vnd.heroku+json; version=3", Authorization: `Bearer ${served.token}` },
    });
    const again = await fetch(`${served.url}/regions`, {
      headers: {
        Accept: "application/vnd.heroku+json; version=3",
        Authorization: `Bearer ${served.token}`,
        "If-None-Match": first.headers.get("etag") ?? "",
      },
    });
    expect(again.status).toBe(304);
    await Promise.all([first.text(), again.text()]);
  });

  it("treats ids and names alike, and keeps the id through a rename", async () => {
    const { body: made } = await api("POST", "/apps", { body: { name: "before" } });
    expect((await api("PATCH", `/apps/${made.id}`, { body: { name: "after" } })).status).toBe(200);
    expect((await api("GET", "/apps/after")).body.id).toBe(made.id);
    expect((await api("GET", "/apps/before")).status).toBe(404);
  });

  it("gives lists in ranges that lead to each other", async () => {
    await api("PATCH", "/apps/protocol/config-vars", { body: { ONE: "1" } });
    const first = await api("GET", "/apps/protocol/releases", {
      headers: { Range: "version ..; order=desc,max=2" },
    });
    expect(first.status).toBe(206);
    expect(first.body.map((release) => release.version)).toEqual([3, 2]);
    const next = first.headers.get("next-range") ?? "";
    const last = await api("GET", "/apps/protocol/releases", { headers: { Range: next } });
    expect(last.status).toBe(200);
    expect(last.body.map((release) => release.version)).toEqual([1]);
    expect(last.headers.get("next-range")).toBeNull();
  });

  it.each(["version", "nonsense ..", "version ..; max=0", "version ..; order=up"])(
    "answers 416 to the range '%s'",
    async (range) => {
      const { status, body } = await api("GET", "/apps/protocol/releases", { headers: { Range: range } });
      expect([status, body.id]).toEqual([416, "requested_range_not_satisfiable"]);
    },
  );

  it("takes an empty range, and one with a trailing semicolon", async () => {
    for (const range of ["", "id ..; max=1000;"]) {
      expect((await api("GET", "/apps/protocol/domains", { headers: { Range: range } })).status).toBe(200);
    }
  });
});

describe("the local Heroku's rate limit", () => {
  let served: ServedHeroku;
  beforeAll(async () => {
    served = await serveHeroku({ rateLimit: { burst: 3, perMinute: 0 } });
  });
  afterAll(() => served.close());

  it("says what is left and answers 429 when nothing is", async () => {
    const api = apiOf(served);
    const left: (string | null)[] = [];
    for (let call = 0; call < 3; call++) {
      const { status, headers } = await api("GET", "/account");
      expect(status).toBe(200);
      left.push(headers.get("ratelimit-remaining"));
    }
    expect(left).toEqual(["2", "1", "0"]);
    const { status, body, headers } = await api("GET", "/account");
    expect([status, body.id, headers.get("ratelimit-remaining")]).toEqual([429, "rate_limit", "0"]);
  });
});
