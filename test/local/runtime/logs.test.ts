import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { LogEntry } from "../../../src/local/runtime/contract.ts";
import { syslogFrame, waitingLines } from "../../../src/local/runtime/drain.ts";
import { readLines } from "../../../src/local/runtime/lines.ts";
import { createLogs } from "../../../src/local/runtime/logs.ts";
import { eventually } from "../../support/process.ts";

function entry(line: string, change: Partial<LogEntry> = {}): LogEntry {
  const base = { time: 0, kind: "app", stream: "out", source: "app[web.1]", type: "web", index: 0 } as const;
  return { ...base, text: line, ...change };
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test("keeps the last 1,500 lines of each app", () => {
  const logs = createLogs({});
  for (let line = 0; line < 2_000; line++) logs.append("a", entry(`line ${line}`));
  logs.append("b", entry("other"));
  expect(logs.recent("a", 5_000)).toHaveLength(1_500);
  expect(logs.recent("a", 2).map((item) => item.text)).toEqual(["line 1998", "line 1999"]);
  expect(logs.recent("a", 0)).toEqual([]);
  expect(logs.recent("none", 10)).toEqual([]);
  logs.forget("a");
  expect(logs.recent("a", 10)).toEqual([]);
});

test("tells those who follow, until they stop", () => {
  const logs = createLogs({});
  const heard: string[] = [];
  const stop = logs.follow("a", (item) => heard.push(item.text));
  logs.append("a", entry("one"));
  logs.append("b", entry("other"));
  stop();
  logs.append("a", entry("two"));
  expect(heard).toEqual(["one"]);
});

test("splits what a process prints into lines, over chunks and inside characters", async () => {
  const lines: string[] = [];
  const umlaut = Buffer.from("ü");
  const chunks = [Buffer.from("one\r\ntw"), Buffer.from("o\n\nx"), umlaut.subarray(0, 1), umlaut.subarray(1)];
  await readLines(
    Readable.from([...chunks, Buffer.from("a".repeat(20_005))], { objectMode: false }),
    (line) => lines.push(line),
  );
  expect(lines.slice(0, 3)).toEqual(["one", "two", ""]);
  expect(lines.slice(3).map((line) => line.length)).toEqual([10_000, 10_000, 7]);
  expect(lines[3]).toMatch(/^xüa+$/);
});

test("a line as a drain gets it counts its bytes and names its process", () => {
  const nameOf = () => ({ appName: "app", processId: "web.1" });
  const frame = syslogFrame(entry("grüße"), "d.123", { nameOf });
  const message = "<190>1 1970-01-01T00:00:00.000000+00:00 d.123 app web.1 - grüße\n";
  expect(frame).toBe(`${Buffer.byteLength(message)} ${message}`);
  expect(syslogFrame(entry("x", { kind: "router" }), "h", { nameOf })).toMatch(/^\d+ <158>1 /);
});

test("a syslog drain sends over one connection, and comes back after it broke", async () => {
  const sockets: Socket[] = [];
  let heard = "";
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("data", (chunk) => {
      heard += String(chunk);
    });
    socket.on("error", () => {});
  });
  const port = await portOf(server);
  const logs = createLogs({});
  const stop = logs.drain("a", `syslog://127.0.0.1:${port}`, "d.token");
  logs.append("a", entry("one"));
  logs.append("a", entry("two"));
  await eventually("both lines have come", () => heard.includes("- one\n") && heard.includes("- two\n"));
  expect(heard).toMatch(/ d\.token app web\.1 - one\n/);
  expect(sockets).toHaveLength(1);
  sockets[0]?.destroy();
  await eventually("a line comes over a new connection", () => {
    logs.append("a", entry("three"));
    return heard.includes("- three\n");
  });
  stop();
  await eventually("the drain has closed", () =>
    sockets.every((socket) => socket.destroyed || socket.readableEnded),
  );
});

test("a syslog drain that can't be reached keeps the newest lines until it can", async () => {
  const closed = createServer();
  const port = await portOf(closed);
  closed.close();
  await once(closed, "close");
  const logs = createLogs({});
  const stop = logs.drain("a", `syslog://127.0.0.1:${port}`, "d.token");
  for (let line = 0; line <= waitingLines; line++) logs.append("a", entry(`line ${line}.`));
  let heard = "";
  const server = createServer((socket) => {
    socket.on("data", (chunk) => {
      heard += String(chunk);
    });
  });
  server.listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  await eventually("the last line has come", () => heard.includes(`- line ${waitingLines}.\n`));
  expect(heard).toContain("- line 1.\n");
  expect(heard).not.toContain("- line 0.\n");
  stop();
});

test("an HTTP drain gets batches in logplex's form, again after a failure", async () => {
  const requests: { readonly headers: IncomingMessage["headers"]; readonly body: string }[] = [];
  let isBroken = true;
  const server = createHttpServer(async (request, response) => {
    const body = await text(request);
    if (isBroken) {
      isBroken = false;
      request.socket.destroy();
      return;
    }
    requests.push({ headers: request.headers, body });
    response.end();
  });
  const port = await portOf(server);
  const logs = createLogs({ syslogName: () => ({ appName: "heroku", processId: "router" }) });
  const stop = logs.drain("a", `http://user:pass@127.0.0.1:${port}/logs?x=1`, "d.token");
  logs.append("a", entry("one"));
  logs.append("a", entry("two"));
  await eventually("a batch has come", () => requests.length === 1);
  expect(requests[0]?.headers).toMatchObject({
    "content-type": "application/logplex-1",
    "logplex-msg-count": "2",
    "logplex-drain-token": "d.token",
    authorization: `Basic ${Buffer.from("user:pass").toString("base64")}`,
  });
  expect(requests[0]?.body).toMatch(/^\d+ <190>1 \S+ \S+ heroku router - one\n\d+ <190>1 .* - two\n$/);
  stop();
});
