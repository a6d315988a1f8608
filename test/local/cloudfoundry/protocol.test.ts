import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { type Answer, type Api, logIn, token } from "./api.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "./serve.ts";

describe("the API's manners", () => {
  let served: ServedCloudFoundry;
  let api: Api;
  let shiftMs = 0;
  const clock: Clock = { ...systemClock, now: () => Date.now() + shiftMs };

  beforeAll(async () => {
    served = await serveCloudFoundry({ tuning: { clock } });
    api = await logIn(served);
  });
  afterAll(() => served.close());

  const error = (code: number, title: string, detail: unknown = expect.any(String)) => ({
    errors: [{ code, title, detail }],
  });
  const inSpace = async (): Promise<Answer> => ({ space: { data: { guid: await api.space() } } });

  it("tells where everything is without a login", async () => {
    const root = (await (await fetch(served.url)).json()) as Answer;
    expect(root.links.cloud_controller_v3).toMatchObject({
      href: `${served.url}/v3`,
      meta: { version: expect.stringMatching(/^3\./) },
    });
    expect(root.links).toMatchObject({ uaa: { href: expect.any(String) }, log_cache: { href: served.url } });
    expect((await fetch(`${served.url}/v3/info`)).status).toBe(200);
  });

  describe("login", () => {
    it("gives tokens whose claims a client can read", async () => {
      const { username, password } = served;
      const { status, body } = await token(served, { grant_type: "password", username, password });
      expect(status).toBe(200);
      expect(body).toMatchObject({ token_type: "bearer", expires_in: 599, scope: expect.any(String) });
      const claims = JSON.parse(Buffer.from(body.access_token.split(".")[1], "base64url").toString());
      expect(claims).toMatchObject({ user_name: username, user_id: expect.any(String), origin: "uaa" });
      const renewed = await token(served, { grant_type: "refresh_token", refresh_token: body.refresh_token });
      expect(renewed.status).toBe(200);
    });

    it("takes the credentials of a client, in the body", async () => {
      const form = {
        grant_type: "client_credentials",
        client_id: served.username,
        client_secret: served.password,
      };
      const response = await fetch(`${served.url}/uaa/oauth/token`, {
        method: "POST",
        body: new URLSearchParams(form),
      });
      expect(await response.json()).not.toHaveProperty("refresh_token");
    });

    it.each([
      [
        "a wrong password",
        { grant_type: "password", username: "dev@example.com", password: "no" },
        "cf:",
        401,
        "unauthorized",
      ],
      ["a wrong client", { grant_type: "password" }, "someone:else", 401, "invalid_client"],
      [
        "a made-up refresh token",
        { grant_type: "refresh_token", refresh_token: "a.b.c" },
        "cf:",
        401,
        "invalid_token",
      ],
      ["an unknown grant", { grant_type: "magic" }, "cf:", 400, "unsupported_grant_type"],
    ])("refuses %s", async (_what, form, client, status, code) => {
      expect(await token(served, form, client)).toMatchObject({ status, body: { error: code } });
    });

    it("refuses no token, a wrong one and an expired one", async () => {
      const without = await fetch(`${served.url}/v3/apps`);
      expect([without.status, await without.json()]).toEqual([401, error(10002, "CF-NotAuthenticated")]);
      const wrong = await api.send("GET", "/v3/apps", { headers: { authorization: "bearer a.b.c" } });
      expect([wrong.status, wrong.body]).toEqual([
        401,
        error(1000, "CF-InvalidAuthToken", "Invalid Auth Token"),
      ]);
      shiftMs = 601_000;
      const expired = await api.get("/v3/apps");
      shiftMs = 0;
      expect([expired.status, expired.body]).toEqual([401, error(1000, "CF-InvalidAuthToken")]);
    });
  });

  describe("requests", () => {
    it("refuses unknown fields, also inner ones", async () => {
      const relationships = await inSpace();
      const outer = await api.post("/v3/apps", { name: "a", relationships, color: "red", size: 1 });
      expect(outer.status).toBe(422);
      expect(outer.body).toEqual(error(10008, "CF-UnprocessableEntity", "Unknown field(s): 'color', 'size'"));
      const inner = await api.post("/v3/apps", { name: "a", relationships: { ...relationships, org: {} } });
      expect(inner.body.errors[0].detail).toBe("Relationships Unknown field(s): 'org'");
    });

    it("refuses what is missing or of the wrong kind", async () => {
      const { status, body } = await api.post("/v3/apps", { name: 5 });
      expect([status, body.errors[0].code]).toEqual([422, 10008]);
      expect(body.errors[0].detail).toBe("Name must be a string, Relationships can't be blank");
    });

    it("refuses a body that is no JSON", async () => {
      const { status, body } = await api.send("POST", "/v3/apps", { text: "{name" });
      expect([status, body]).toEqual([400, error(1001, "CF-MessageParseError")]);
    });

    it("tells an unknown endpoint from a missing object", async () => {
      expect(await api.get("/v3/nonsense")).toMatchObject({
        status: 404,
        body: error(10000, "CF-NotFound", "Unknown request"),
      });
      expect(await api.get("/v3/apps/no-such-guid")).toMatchObject({
        status: 404,
        body: error(10010, "CF-ResourceNotFound", "App not found"),
      });
    });

    it("says that a name is taken, in the words that clients read", async () => {
      await api.makeApp("taken");
      const { status, body } = await api.post("/v3/apps", { name: "taken", relationships: await inSpace() });
      expect(status).toBe(422);
      expect(body).toEqual(error(10016, "CF-UniquenessError", "App with the name 'taken' already exists."));
    });

    it("says that a route is taken, and what a shared domain needs", async () => {
      const domain = { data: { guid: await api.sharedDomain() } };
      const relationships = { ...(await inSpace()), domain };
      await api.post("/v3/routes", { host: "busy", relationships });
      const again = await api.post("/v3/routes", { host: "busy", relationships });
      expect(again.body.errors[0].detail).toBe(
        "Route already exists with host 'busy' for domain 'apps.test'.",
      );
      const bare = await api.post("/v3/routes", { relationships });
      expect(bare.body.errors[0].detail).toMatch(/^Missing host/);
    });

    it("keeps the platform's own variables to itself, and takes text only", async () => {
      const app = await api.makeApp("variables");
      const path = `/v3/apps/${app}/environment_variables`;
      for (const name of ["PORT", "VCAP_SERVICES", "VMC_THING"]) {
        expect((await api.patch(path, { var: { [name]: "1" } })).status).toBe(422);
      }
      expect((await api.patch(path, { var: { A: 1 } })).status).toBe(422);
      await api.patch(path, { var: { A: "1", B: "2" } });
      expect((await api.patch(path, { var: { B: null, C: "3" } })).body.var).toEqual({ A: "1", C: "3" });
    });

    it("merges metadata, and refuses what is too long", async () => {
      const app = `/v3/apps/${await api.makeApp("metadata")}`;
      await api.patch(app, { metadata: { labels: { a: "1", b: "2" } } });
      const { body } = await api.patch(app, { metadata: { labels: { a: null }, annotations: { n: "x" } } });
      expect(body.metadata).toEqual({ labels: { b: "2" }, annotations: { n: "x" } });
      expect((await api.patch(app, { metadata: { labels: { a: "x".repeat(64) } } })).status).toBe(422);
      expect((await api.patch(app, { metadata: { annotations: { a: "x".repeat(5001) } } })).status).toBe(422);
    });
  });

  describe("lists", () => {
    beforeAll(async () => {
      for (const name of ["one", "two", "three", "four", "five"]) {
        const organization = { data: { guid: (await api.get("/v3/organizations")).body.resources[0].guid } };
        const metadata = { labels: name.startsWith("t") ? { kind: "t", name } : { name } };
        await api.post("/v3/domains", {
          name: `${name}.example.com`,
          relationships: { organization },
          metadata,
        });
      }
    });
    const names = async (query: string) =>
      (await api.get(`/v3/domains?${query}`)).body.resources.map((item: Answer) => item.name.split(".")[0]);

    it("come in pages whose links keep the filters", async () => {
      const { body } = await api.get("/v3/domains?per_page=2&order_by=-created_at&page=2");
      expect(body.pagination).toMatchObject({ total_results: 6, total_pages: 3 });
      const next = new URL(body.pagination.next.href);
      expect(Object.fromEntries(next.searchParams)).toEqual({
        per_page: "2",
        order_by: "-created_at",
        page: "3",
      });
      expect(body.pagination.previous.href).toContain("page=1");
      const last = await api.get(next.href);
      expect(last.body.pagination.next).toBeNull();
      expect(last.body.resources).toHaveLength(2);
    });

    it("take filters: a comma is OR, several keys are AND", async () => {
      expect(await names("names=one.example.com,two.example.com")).toEqual(["one", "two"]);
      expect(await names("names=one.example.com&label_selector=kind")).toEqual([]);
    });

    it.each([
      ["kind", ["two", "three"]],
      ["!kind", ["apps", "one", "four", "five"]],
      ["kind=t,name!=two", ["three"]],
      ["name in (one,five)", ["one", "five"]],
      ["name notin (one,two,three,four,five)", ["apps"]],
      ["kind==t", ["two", "three"]],
    ])("take the label selector %s", async (selector, expected) => {
      expect(await names(`label_selector=${encodeURIComponent(selector)}`)).toEqual(expected);
    });

    it.each([
      [
        "an unknown key",
        "colour=red",
        /^Unknown query parameter\(s\): 'colour'\. Valid parameters are: 'page'/,
      ],
      ["a page that is none", "page=0", /Page must be/],
      ["too large a page", "per_page=5001", /between 1 and 5000/],
      ["an unknown order", "order_by=size", /Order by can only be/],
    ])("refuse %s", async (_what, query, detail) => {
      const { status, body } = await api.get(`/v3/domains?${query}`);
      expect([status, body]).toEqual([
        400,
        error(10005, "CF-BadQueryParameter", expect.stringMatching(detail)),
      ]);
    });
  });

  it("answers a deletion with a job: 202, no body, and a place to look", async () => {
    const reply = await api.delete(`/v3/apps/${await api.makeApp("short-lived")}`);
    expect([reply.status, reply.body]).toEqual([202, ""]);
    expect(reply.headers.get("location")).toMatch(new RegExp(`^${served.url}/v3/jobs/`));
    expect(await api.job(reply)).toMatchObject({ operation: "app.delete", state: "COMPLETE", errors: [] });
  });

  it("answers 200 for a job that failed", async () => {
    const reply = await api.send("POST", `/v3/spaces/${await api.space()}/actions/apply_manifest`, {
      text: "applications: [{name: lost, routes: [{route: lost.nowhere.example.org}]}]",
      headers: { "content-type": "application/x-yaml" },
    });
    const job = await api.job(reply);
    expect(job).toMatchObject({
      state: "FAILED",
      errors: [{ code: 10008, title: "CF-UnprocessableEntity" }],
    });
  });
});

it("limits calls when told to, with the controller's headers", async () => {
  const served = await serveCloudFoundry({ tuning: { requestsPerHour: 2 } });
  try {
    const api = await logIn(served);
    const first = await api.get("/v3/apps");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("1");
    await api.get("/v3/apps");
    const third = await api.get("/v3/apps");
    expect(third.status).toBe(429);
    expect(third.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(3500);
    expect(JSON.parse(third.body).errors[0].code).toBe(10013);
  } finally {
    await served.close();
  }
});
