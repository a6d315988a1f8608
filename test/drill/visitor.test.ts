import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { acknowledged } from "../../src/drill/request.ts";
import { guestbookScript } from "../../src/drill/script.ts";
import { startVisitor, type Visitor, type VisitorOptions } from "../../src/drill/visitor.ts";
import { eventually } from "../support/process.ts";
import { startDns, startSite, type TestDns, type TestSite } from "./world.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function world(
  ttlSeconds: number,
): Promise<{ readonly dns: TestDns; readonly old: TestSite; readonly next: TestSite }> {
  const old = await startSite("127.0.0.21");
  const next = await startSite("127.0.0.22", old.port);
  const dns = await startDns(old.address, ttlSeconds);
  closers.push(old.close, next.close, dns.close);
  return { dns, old, next };
}

async function visit(dns: TestDns, port: number, options: Partial<VisitorOptions> = {}): Promise<Visitor> {
  const visitor = await startVisitor({
    name: "book.example.test",
    port,
    resolver: dns.server,
    script: guestbookScript,
    ratePerSecond: 100,
    users: 4,
    arrivalMs: 200,
    deadlineMs: 30_000,
    ...options,
  });
  closers.push(() => visitor.stop());
  return visitor;
}

test("it sends reads and writes at its rate under the app's name, and keeps each acknowledged write", async () => {
  const { dns, old } = await world(60);
  const visitor = await visit(dns, old.port);
  await delay(1_000);
  await visitor.settled(Date.now());
  await visitor.stop();
  const times = visitor.requests.map((request) => request.at).toSorted((a, b) => a - b);
  // Due times are exact whatever the machine does: one each 10 ms, none left out, none twice.
  for (const [index, at] of times.entries()) expect(at).toBeCloseTo((times[0] ?? 0) + index * 10, 3);
  expect(visitor.requests.every((request) => request.ok)).toBe(true);
  const writes = visitor.requests.filter((request) => request.kind === "write");
  expect(Math.abs(writes.length - visitor.requests.length / 2)).toBeLessThanOrEqual(1);
  expect(new Set(acknowledged(visitor.requests).map((write) => write.id))).toEqual(old.entries);
  expect([...old.hosts]).toEqual(["book.example.test"]);
});

test("users follow the name once their TTL is over, and keep connections until then", async () => {
  const { dns, old, next } = await world(1);
  const visitor = await visit(dns, old.port);
  // A user opens another connection while those that it has are in use: in slow moments there are more of them.
  const isKept = () => visitor.requests.length > 50 && old.connections() < visitor.requests.length / 4;
  await eventually("connections are kept", isKept);
  const movedAt = Date.now();
  dns.address = next.address;
  await visitor.settled(movedAt);
  // The old address was learnt by requests that had begun, and before they ended.
  const before = visitor.requests.filter((request) => request.at <= movedAt);
  const overAt = Math.max(...before.map((request) => request.at + request.latencyMs)) + 1_000;
  await visitor.settled(overAt + 500);
  await visitor.stop();
  expect(visitor.requests.every((request) => request.ok)).toBe(true);
  const late = visitor.requests.filter((request) => request.at > overAt + 50);
  expect(late.length).toBeGreaterThan(0);
  expect(new Set(late.map((request) => request.address))).toEqual(new Set([next.address]));
});

test("slow answers don't slow it down, and give up at the deadline", async () => {
  const { dns, old } = await world(60);
  let waiting = 0;
  old.behaviour = ({ socket }) => {
    waiting++;
    socket.once("close", () => waiting--);
    return true;
  };
  const visitor = await visit(dns, old.port, { deadlineMs: 300 });
  await eventually("each user waits for several answers", () => waiting > 8);
  await visitor.stop();
  expect(new Set(visitor.requests.map((request) => request.outcome))).toEqual(new Set(["deadline"]));
});

test("each way to fail has its name, and none is an acknowledged write", async () => {
  const { dns, old } = await world(60);
  const outcomes = async (visiting: Promise<Visitor>) => {
    const visitor = await visiting;
    await delay(400);
    await visitor.stop();
    expect(acknowledged(visitor.requests)).toEqual([]);
    return [...new Set(visitor.requests.map((request) => request.outcome))];
  };
  old.behaviour = (_, response) => response.writeHead(503).end() !== undefined;
  expect(await outcomes(visit(dns, old.port))).toEqual(["503"]);
  old.behaviour = (request) => request.socket.destroy() !== undefined;
  expect(await outcomes(visit(dns, old.port))).toEqual(["ECONNRESET"]);
  // An answer cut off in its body was never an answer.
  old.behaviour = (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("half", () => response.destroy());
    return true;
  };
  expect(await outcomes(visit(dns, old.port))).toEqual(["ECONNRESET"]);
  await old.close();
  expect(await outcomes(visit(dns, old.port))).toEqual(["ECONNREFUSED"]);
  dns.close();
  closers.splice(2, 1);
  expect(await outcomes(visit(dns, old.port, { resolver: "127.0.0.1:1" }))).toEqual(["dns"]);
});

test("an idle connection that the server has closed is no failure", async () => {
  const { dns, old } = await world(60);
  // Each connection is closed after its answer without a word, as routers do when they restart.
  old.behaviour = (request, response) => {
    response.end("ok", () => setTimeout(() => request.socket.destroy(), 9));
    return true;
  };
  const visitor = await visit(dns, old.port, { users: 1 });
  await delay(1_000);
  await visitor.stop();
  expect(visitor.requests.filter((request) => !request.ok)).toEqual([]);
});

test("a lost process is said to be lost", async () => {
  const { dns, old } = await world(60);
  const visiting = visit(dns, old.port, { script: { ...guestbookScript, reads: null as never } });
  const lost = visiting.then((visitor) => visitor.settled(Date.now() + 60_000));
  await expect(lost).rejects.toMatchObject({ code: "visitor-lost" });
});
