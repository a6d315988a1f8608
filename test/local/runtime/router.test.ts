import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AppSpec } from "../../../src/local/runtime/contract.ts";
import type { OwnRuntime } from "../../../src/local/runtime/runtime.ts";
import { eventually } from "../../support/process.ts";
import { archiveOf, makeRuntime, openRuntime, type TestRuntime } from "../../support/runtime.ts";
import { webApp } from "../../support/web-app.ts";

const host = "app.test";
let suite: TestRuntime;
let slug: string;

function specOf(command = "node web.js", quantity = 1): AppSpec {
  return {
    slug,
    env: {},
    processes: { web: { command, quantity, health: { type: "port", startTimeoutSeconds: 30 } } },
  };
}

/** Builds the app and leads its host to it; gives its slug. */
async function install({ builder, router }: OwnRuntime): Promise<string> {
  router.route(host, { app: "app", type: "web" });
  return (await builder.build(await archiveOf(webApp), { env: {}, onOutput: () => {} })).id;
}

beforeAll(async () => {
  suite = await openRuntime();
  slug = await install(suite.runtime);
});
beforeEach(async () => {
  await suite.runtime.supervisor.apply("app", specOf(), "recreate");
  await suite.runtime.supervisor.settled("app");
});
afterAll(() => suite.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

function open(
  path: string,
  options: {
    readonly method?: string;
    readonly host?: string;
    readonly headers?: Record<string, string>;
    readonly runtime?: OwnRuntime;
  } = {},
) {
  const { port } = (options.runtime ?? suite.runtime).router;
  const headers = { Host: options.host ?? `${host}:${port}`, ...options.headers };
  return httpRequest({
    host: "127.0.0.1",
    port,
    path,
    method: options.method ?? "GET",
    headers,
    agent: false,
  });
}

async function ask(
  path: string,
  options: Parameters<typeof open>[1] & { readonly body?: string } = {},
): Promise<Answer> {
  const request = open(path, options);
  request.end(options.body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

const lastLine = ({ logs } = suite.runtime): string | undefined =>
  logs
    .recent("app", 100)
    .filter(({ kind }) => kind === "router")
    .at(-1)?.text;

test("passes requests and answers on as they are", async () => {
  const teapot = await ask("/pot");
  expect(teapot).toMatchObject({ status: 418, body: "short and stout" });
  expect(teapot.headers).toMatchObject({ "content-type": "text/plain", via: "1.1 test" });
  const echo = await ask("/echo?x=%20y", { method: "POST", body: "a body" });
  expect(echo.body).toBe("a body");
  const empty = await ask("/headers", { method: "POST" });
  expect(JSON.parse(empty.body).raw).toContain("Content-Length");
  expect((await ask("/headers")).headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect((await ask("/pot", { method: "HEAD" })).status).toBe(418);
  expect(lastLine()).toBe("HEAD /pot 418 ok");
});

test("sets its own headers, appends to the client's chain and keeps its request id", async () => {
  const { body } = await ask("/headers", {
    headers: {
      "X-Forwarded-For": "203.0.113.9",
      "X-Forwarded-Proto": "https",
      "X-Request-Id": "mine-12345",
      Connection: "X-Hop",
      "X-Hop": "secret",
      "X-Kept": "kept",
    },
  });
  const { raw } = JSON.parse(body) as { readonly raw: readonly string[] };
  const headerOf = (name: string): string | undefined => raw[raw.indexOf(name) + 1];
  expect(headerOf("X-Forwarded-For")).toBe("203.0.113.9, 127.0.0.1");
  expect(headerOf("X-Forwarded-Proto")).toBe("http");
  expect(headerOf("X-Forwarded-Port")).toBe(String(suite.runtime.router.port));
  expect(headerOf("X-Request-Id")).toBe("mine-12345");
  expect(Math.abs(Number(headerOf("X-Request-Start")) - Date.now())).toBeLessThan(60_000);
  expect(headerOf("Via")).toBe("1.1 test");
  expect(headerOf("X-Kept")).toBe("kept");
  expect(raw).not.toContain("X-Hop");
  const made = await ask("/headers", { headers: { "X-Request-Id": "x".repeat(300) } });
  expect(made.body).not.toContain("xxxx");
});

test("streams both ways", async () => {
  const upload = open("/echo", { method: "POST", headers: { "Transfer-Encoding": "chunked" } });
  upload.write("one ");
  const [response] = (await once(upload, "response")) as [IncomingMessage];
  const [first] = await once(response, "data");
  expect(String(first)).toBe("one ");
  upload.end("two");
  expect(await text(response)).toBe("two");
  const download = open("/stream");
  download.end();
  const [stream] = (await once(download, "response")) as [IncomingMessage];
  await once(stream, "data");
  download.destroy();
  await eventually("the app sees that its client has gone", () =>
    suite.runtime.logs.recent("app", 100).some((entry) => entry.text === "stream closed"),
  );
});

test("finds the app by host, wildcard and longest path", async () => {
  const { router } = suite.runtime;
  expect(await ask("/", { host: "nowhere.test" })).toMatchObject({
    status: 404,
    body: "unknown-host at nowhere.test",
  });
  router.route("*.wild.test", { app: "app", type: "web" });
  expect((await ask("/", { host: "a.b.wild.test" })).status).toBe(418);
  expect((await ask("/", { host: "APP.TEST." })).status).toBe(418);
  router.route(host, { app: "app", type: "api", path: "/api" });
  expect((await ask("/api/x")).headers["x-error"]).toBe("no-instances");
  expect((await ask("/apiary")).status).toBe(418);
  router.unroute(host, "/api");
  expect((await ask("/api/x")).status).toBe(418);
  router.unroute("*.wild.test");
  expect((await ask("/", { host: "a.wild.test" })).status).toBe(404);
});

test("spreads requests over the instances that are up", async () => {
  await suite.runtime.supervisor.apply("app", specOf("node web.js", 2), "recreate");
  await suite.runtime.supervisor.settled("app");
  const dynos = new Set<string>();
  await eventually("both have answered", async () => {
    dynos.add(JSON.parse((await ask("/headers")).body).dyno);
    return dynos.size === 2;
  });
});

test("shows the maintenance page while the app runs on", async () => {
  const { router, supervisor } = suite.runtime;
  router.maintenance("app", true);
  expect((await ask("/pot")).headers["x-error"]).toBe("maintenance");
  expect(supervisor.instances("app")[0]?.state).toBe("up");
  router.maintenance("app", false);
  expect((await ask("/pot")).status).toBe(418);
});

test("answers for an app that is too late", async () => {
  const runtime = await makeRuntime({ firstByteMs: 300 });
  await runtime.supervisor.apply("app", { ...specOf(), slug: await install(runtime) }, "recreate");
  await runtime.supervisor.settled("app");
  expect((await ask("/never", { runtime })).headers["x-error"]).toBe("first-byte-timeout");
  expect(lastLine(runtime)).toBe("GET /never 503 first-byte-timeout");
});

test("answers for an app that does not: dropped, cut off", async () => {
  expect((await ask("/drop")).headers["x-error"]).toBe("closed");
  await expect(ask("/half")).rejects.toThrow();
  await eventually("the cut is in the log", () => lastLine() === "GET /half 200 closed");
});

test("requests wait for an instance that starts, and for one that comes back after a crash", async () => {
  await suite.runtime.supervisor.apply("app", specOf("sleep 0.3; exec node web.js"), "recreate");
  const waiting = await Promise.all(["/a", "/b", "/c"].map((path) => ask(path)));
  expect(waiting.map(({ status }) => status)).toEqual([418, 418, 418]);
  const alive = suite.runtime.supervisor.instances("app")[0]?.since;
  await ask("/die");
  // Until its death is seen, a request may still be sent to it.
  await eventually("its death is seen", () => suite.runtime.supervisor.instances("app")[0]?.since !== alive);
  expect((await ask("/pot")).status).toBe(418);
});

test("an app that keeps crashing gets the page for it at once", async () => {
  await suite.runtime.supervisor.apply("app", specOf("exit 1"), "recreate");
  await suite.runtime.supervisor.settled("app").catch(() => {});
  await eventually("it is crashed", () => suite.runtime.supervisor.instances("app")[0]?.state === "crashed");
  expect((await ask("/pot")).headers["x-error"]).toBe("crashed");
  await suite.runtime.supervisor.apply("app", specOf("node web.js", 0), "recreate");
  expect((await ask("/pot")).headers["x-error"]).toBe("no-instances");
});

test("a client that leaves while it waits is forgotten", async () => {
  await suite.runtime.supervisor.apply("app", specOf("sleep 1000"), "recreate");
  // The router says so when it has the request.
  const request = open("/pot", { headers: { Expect: "100-continue" } });
  request.on("error", () => {});
  request.end();
  await once(request, "continue");
  request.destroy();
  await eventually("its line is in the log", () => lastLine() === "GET /pot 499 ok");
});

test("joins websockets", async () => {
  const { port } = suite.runtime.router;
  suite.runtime.router.route("127.0.0.1", { app: "app", type: "web" });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  const heard: string[] = [];
  socket.addEventListener("message", (event) => heard.push(String(event.data)));
  await once(socket, "open");
  socket.send("hello");
  await eventually("the echo has come", () => heard.length === 2);
  expect(heard).toEqual(["proto http", "echo hello"]);
  socket.close();
  await eventually("the app sees the end", () =>
    suite.runtime.logs.recent("app", 100).some((entry) => entry.text === "socket closed"),
  );
  await eventually("the upgrade is in the log", () => lastLine() === "GET /chat 101 ok");
});

test("an upgrade that the app refuses, or that leads nowhere, gets an answer", async () => {
  const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Key": "x" };
  expect(await ask("/refuse", { headers: upgrade })).toMatchObject({ status: 403, body: "no" });
  expect((await ask("/", { headers: upgrade, host: "nowhere.test" })).headers["x-error"]).toBe(
    "unknown-host",
  );
});

test("what is no HTTP does no harm", async () => {
  const socket = connect(suite.runtime.router.port, "127.0.0.1");
  socket.end("\x00\x01garbage\r\n\r\n");
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 400/);
  expect((await ask("/pot")).status).toBe(418);
});

test("faults: routing is reset, slow or in error, and heals", async () => {
  const { faults } = suite.runtime;
  await faults.set({ down: ["routing"] });
  await expect(ask("/pot")).rejects.toMatchObject({ code: "ECONNRESET" });
  await faults.set({ down: ["all"] });
  await expect(ask("/pot")).rejects.toMatchObject({ code: "ECONNRESET" });
  await faults.set({ down: [], errorRate: 1 });
  expect((await ask("/pot")).headers["x-error"]).toBe("platform-error");
  await faults.set({ errorRate: 0, slowMs: 200 });
  const startedAt = performance.now();
  expect((await ask("/pot")).status).toBe(418);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  await faults.set({ slowMs: 0 });
});

test("going down breaks off what is under way", async () => {
  const download = open("/stream");
  download.end();
  const [stream] = (await once(download, "response")) as [IncomingMessage];
  download.on("error", () => {});
  await once(stream, "data");
  const broken = text(stream);
  await suite.runtime.faults.set({ down: ["routing"] });
  await expect(broken).rejects.toMatchObject({ code: "ECONNRESET" });
  await suite.runtime.faults.set({ down: [] });
});
