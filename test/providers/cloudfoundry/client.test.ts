import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Client } from "../../../providers/cloudfoundry/api/client.ts";
import { anything, domainSchema, identified, named } from "../../../providers/cloudfoundry/api/wire.ts";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { deadline } from "../../../src/base/deadline.ts";
import { NotFoundError, RetryableError } from "../../../src/base/errors.ts";
import { openProxy } from "../../contract/proxy.ts";
import { type Api, logIn } from "../../local/cloudfoundry/api.ts";
import { type ServedCloudFoundry, serveCloudFoundry } from "../../local/cloudfoundry/serve.ts";

describe("the client", () => {
  let served: ServedCloudFoundry;
  let api: Api;
  let proxy: Awaited<ReturnType<typeof openProxy>>;
  let client: Client;
  let shiftMs = 0;
  const serverClock: Clock = { ...systemClock, now: () => Date.now() + shiftMs };

  beforeAll(async () => {
    served = await serveCloudFoundry({ tuning: { clock: serverClock } });
    api = await logIn(served);
    proxy = await openProxy(served.url);
    client = clientWith(served.password);
  });
  afterAll(async () => {
    await proxy.close();
    await served.close();
  });

  const clientWith = (password: string) =>
    new Client({ url: proxy.url, username: served.username, password });
  const soon = (timeoutMs = 20_000, clock?: Clock) =>
    deadline({ timeoutMs, ...(clock === undefined ? {} : { clock }) });
  const logins = () => proxy.seen.filter((line) => line === "POST /uaa/oauth/token").length;

  it("logs in once for requests that come together", async () => {
    const before = logins();
    await Promise.all([1, 2, 3].map(() => client.list("/v3/apps", named, soon())));
    expect(logins() - before).toBe(1);
  });

  it("renews a token before it expires, by its refresh token", async () => {
    let nowMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => nowMs };
    const own = clientWith(served.password);
    await own.list("/v3/apps", named, soon(20_000, clock));
    nowMs = 538_000;
    const before = logins();
    await own.list("/v3/apps", named, soon(20_000, clock));
    expect(logins() - before).toBe(0);
    nowMs = 541_000;
    await own.list("/v3/apps", named, soon(20_000, clock));
    expect(logins() - before).toBe(1);
  });

  it("logs in anew when the API has stopped taking its token", async () => {
    await client.list("/v3/apps", named, soon());
    shiftMs = 700_000;
    try {
      await client.list("/v3/apps", named, soon());
    } finally {
      shiftMs = 0;
    }
  });

  it("follows the pages of a list", async () => {
    const organization = (await api.get("/v3/organizations")).body.resources[0].guid;
    for (const name of ["a", "b", "c", "d", "e"]) {
      const relationships = { organization: { data: { guid: organization } } };
      await api.post("/v3/domains", { name: `${name}.example.com`, relationships });
    }
    const found = await client.list("/v3/domains", domainSchema, soon(), { per_page: 2 });
    expect(found.map((domain) => domain.name)).toHaveLength(6);
  });

  it("tells what is missing, what is refused and what nobody knows apart by type and code", async () => {
    expect(await client.find("/v3/apps/nothing", named, soon())).toBeUndefined();
    await expect(client.get("/v3/apps/nothing", named, soon())).rejects.toBeInstanceOf(NotFoundError);
    const unknown = client.get("/v3/nonsense", anything, soon());
    await expect(unknown).rejects.toMatchObject({ status: 404, cfCode: 10000 });
    await expect(unknown).rejects.not.toBeInstanceOf(NotFoundError);
    const refused = client.patch("/v3/apps/x", { color: 1 }, anything, soon());
    await expect(refused).rejects.toBeInstanceOf(NotFoundError);
    const bad = client.get("/v3/apps", anything, soon(), { colour: "red" });
    await expect(bad).rejects.toMatchObject({ code: "refused-by-platform", cfCode: 10005 });
  });

  it("tells of an answer that isn't what was expected", async () => {
    const schema = z.object({ size: z.number() });
    await expect(client.get("/v3/info", schema, soon())).rejects.toMatchObject({ code: "bad-response" });
  });

  it("takes a job that failed for what it is, though it comes with 200", async () => {
    const yaml = "applications: [{name: lost, routes: [{route: lost.nowhere.example.org}]}]";
    const failed = client.act(`/v3/spaces/${await api.space()}/actions/apply_manifest`, { yaml }, soon());
    await expect(failed).rejects.toMatchObject({ code: "job-failed", cfCode: 10008 });
    await expect(failed).rejects.toThrow(/no matching domains/);
  });

  it("makes a thing once when the answer is lost, and again when the request was", async () => {
    const relationships = { space: { data: { guid: await api.space() } } };
    let losses = 0;
    proxy.misfortune = ({ method, path }) => {
      if (method !== "POST" || !path.startsWith("/v3/apps") || losses > 1) return { kind: "pass" };
      losses++;
      return losses === 1 ? { kind: "answer", status: 502 } : { kind: "lose-answer" };
    };
    try {
      const made = await client.create("/v3/apps", { name: "once", relationships }, identified, soon());
      expect(losses).toBe(2);
      const { body } = await api.get("/v3/apps?names=once");
      expect(body.resources.map((app: { readonly guid: string }) => app.guid)).toEqual([made.guid]);
    } finally {
      proxy.misfortune = () => ({ kind: "pass" });
    }
  });

  it("waits for the end of a rate limit's time, unless its own time would be over", async () => {
    const reset = String(Math.ceil(Date.now() / 1000) + 1);
    let limited = 0;
    proxy.misfortune = ({ path }) =>
      path.startsWith("/v3/stacks") && limited++ === 0
        ? { kind: "answer", status: 429, headers: { "x-ratelimit-reset": reset } }
        : { kind: "pass" };
    try {
      await client.list("/v3/stacks", named, soon());
      expect(Date.now()).toBeGreaterThanOrEqual(Number(reset) * 1000 - 1000);
      limited = 0;
      proxy.misfortune = ({ path }) =>
        path.startsWith("/v3/stacks")
          ? { kind: "answer", status: 429, headers: { "retry-after": "600" } }
          : { kind: "pass" };
      const refused = client.list("/v3/stacks", named, soon());
      await expect(refused).rejects.toMatchObject({ code: "rate-limited", retryAfterMs: 600_000 });
    } finally {
      proxy.misfortune = () => ({ kind: "pass" });
    }
  });

  it("keeps passwords and tokens out of its errors", async () => {
    const wrong = clientWith("a-very-secret-password");
    const error = await wrong.list("/v3/apps", named, soon()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "credentials-rejected" });
    expect(JSON.stringify([String(error), error])).not.toContain("a-very-secret-password");
  });

  it("says so when the address is no Cloud Foundry", async () => {
    const elsewhere = new Client({ url: `${served.url}/v3/info`, username: "a", password: "b" });
    await expect(elsewhere.list("/v3/apps", named, soon())).rejects.not.toBeInstanceOf(RetryableError);
    await expect(elsewhere.list("/v3/apps", named, soon())).rejects.toMatchObject({
      suggestion: expect.stringContaining("url"),
    });
  });

  it("stops at once when it is told to", async () => {
    const abort = new AbortController();
    abort.abort(new Error("enough"));
    const stopped = client.list("/v3/apps", named, deadline({ timeoutMs: 1000, signal: abort.signal }));
    await expect(stopped).rejects.toThrow("enough");
  });
});
