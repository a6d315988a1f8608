import { describe, expect, it } from "vitest";
import { z } from "zod";
import { HerokuClient } from "../../../providers/heroku/client/client.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { NotFoundError, RetryableError } from "../../../src/base/errors.ts";
import type { HttpRequest, HttpResponse } from "../../../src/base/http.ts";

const token = "a-very-secret-token";
const connection = { url: "https://api.example.com", token, dataUrl: "https://data.example.com" };
const anything = z.unknown();

type Reply =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | Error;

/** A client whose network gives these replies in turn, and whose clock only counts. */
function clientWith(...replies: readonly Reply[]) {
  const requests: HttpRequest[] = [];
  const waits: number[] = [];
  const rest = [...replies];
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
  };
  const send = async (request: HttpRequest): Promise<HttpResponse> => {
    requests.push(request);
    const reply = rest.shift();
    if (reply === undefined) throw new Error("There was one request too many.");
    if (reply instanceof Error) throw reply;
    const { status = 200, headers = {}, body = {} } = reply;
    return {
      status,
      headers: new Headers(headers),
      text: typeof body === "string" ? body : JSON.stringify(body),
    };
  };
  return { client: new HerokuClient(connection, { send, clock, random: () => 1 }), requests, waits };
}

const lost = new RetryableError("the connection was reset", { code: "http-unreachable" });
const failure = (status: number, id: string): Reply => ({ status, body: { id, message: "for a test" } });

describe("the Heroku client", () => {
  it("sends version and token, and JSON when there is a body", async () => {
    const { client, requests } = clientWith({}, {});
    await client.get("/account", anything);
    await client.patch("/apps/a", { maintenance: true }, anything);
    expect(requests[0]).toMatchObject({
      method: "GET",
      url: "https://api.example.com/account",
      headers: { Accept: "application/vnd.heroku+json; version=3", Authorization: `Bearer ${token}` },
    });
    expect(requests[1]).toMatchObject({
      body: '{"maintenance":true}',
      headers: { "Content-Type": "application/json" },
    });
  });

  it("follows the ranges of a list to its end", async () => {
    const { client, requests } = clientWith(
      { status: 206, headers: { "next-range": "id ]b..; max=2" }, body: ["a", "b"] },
      { body: ["c"] },
    );
    expect(await client.list("/apps", z.string())).toEqual(["a", "b", "c"]);
    expect(requests.map(({ headers }) => headers?.Range)).toEqual([undefined, "id ]b..; max=2"]);
  });

  it("asks for one page when told which", async () => {
    const { client, requests } = clientWith({
      status: 206,
      headers: { "next-range": "version ]9.." },
      body: [9],
    });
    expect(await client.list("/releases", z.int(), {}, "version ..; order=desc,max=1")).toEqual([9]);
    expect(requests).toHaveLength(1);
  });

  it("waits longer and longer after resets and 5xx, and as long as asked after 429", async () => {
    const { client, waits } = clientWith(
      lost,
      failure(503, "service_unavailable"),
      { status: 429, headers: { "retry-after": "7" }, body: { id: "rate_limit", message: "slow down" } },
      {},
    );
    await client.get("/apps", anything);
    expect(waits).toEqual([250, 500, 7000]);
  });

  it("waits before each call while few are left", async () => {
    const { client, waits } = clientWith({ headers: { "ratelimit-remaining": "59" } }, {}, {});
    await client.get("/one", anything);
    expect(waits).toEqual([]);
    await client.get("/two", anything);
    await client.get("/three", anything);
    expect(waits).toEqual([800, 800]);
  });

  it("gives up after five tries with the last failure", async () => {
    const { client, requests } = clientWith(lost, lost, lost, lost, failure(502, "bad_gateway"));
    await expect(client.get("/apps", anything)).rejects.toMatchObject({ code: "server-error" });
    expect(requests).toHaveLength(5);
  });

  it("looks before it repeats a creation whose answer was lost", async () => {
    const { client, requests } = clientWith(lost);
    const found = await client.create("/apps", {}, z.string(), async () => "found");
    expect(found).toBe("found");
    expect(requests).toHaveLength(1);
  });

  it("repeats it when nothing is there, and without a look when it was refused for now", async () => {
    let looks = 0;
    const find = async () => {
      looks++;
      return undefined;
    };
    const { client, requests } = clientWith(failure(429, "rate_limit"), lost, {
      body: ["made"],
    });
    expect(await client.create("/apps", {}, z.array(z.string()), find)).toEqual(["made"]);
    expect([requests.length, looks]).toEqual([3, 1]);
  });

  it("takes what is gone already as deleted", async () => {
    await clientWith(failure(404, "not_found")).client.delete("/apps/a");
    await expect(clientWith(failure(403, "forbidden")).client.delete("/apps/a")).rejects.toMatchObject({
      code: "forbidden",
    });
  });

  it.each([
    [401, "unauthorized", "credentials-rejected"],
    [402, "delinquent", "payment-required"],
    [403, "forbidden", "forbidden"],
    [404, "not_found", "not-found"],
    [422, "invalid_params", "invalid-params"],
    [423, "confirmation_required", "confirmation-required"],
  ])("gives %i %s the code %s, at once", async (status, id, code) => {
    const { client, requests } = clientWith(failure(status, id));
    const error = await client.get("/apps/a", anything).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(`${status} (${id}) to GET /apps/a: for a test`);
    expect(error instanceof NotFoundError).toBe(status === 404);
    expect(requests).toHaveLength(1);
  });

  it("tells an answer that is no JSON, and one of another shape, from a failure", async () => {
    await expect(clientWith({ body: "<html>" }).client.get("/apps", anything)).rejects.toMatchObject({
      code: "bad-response",
    });
    await expect(
      clientWith({ body: { name: 1 } }).client.get("/a", z.object({ name: z.string() })),
    ).rejects.toMatchObject({ code: "bad-response", message: expect.stringContaining("GET /a") });
  });

  it("keeps the token out of every message", async () => {
    for (const reply of [failure(401, "unauthorized"), failure(422, "invalid_params"), { body: "<html>" }]) {
      const error = await clientWith(reply)
        .client.get("/apps", anything)
        .catch((caught: unknown) => caught);
      expect(JSON.stringify([String(error), error])).not.toContain(token);
    }
  });

  it("ends with the caller's own reason when it is aborted", async () => {
    const reason = new Error("Ctrl-C");
    const abort = new AbortController();
    const { client } = clientWith(lost, lost);
    abort.abort(reason);
    await expect(client.get("/apps", anything, { signal: abort.signal })).rejects.toBe(reason);
  });

  it("ends at its deadline with what failed last", async () => {
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      // Until aborted, as the real one.
      sleep: (_, signal) =>
        new Promise((__, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
    };
    const client = new HerokuClient(connection, { clock, random: () => 1, send: () => Promise.reject(lost) });
    await expect(client.get("/apps", anything, { timeoutMs: 20 })).rejects.toBe(lost);
  });
});
