import { afterEach, expect, test } from "vitest";
import { type ActOptions, runAct } from "../../src/drill/acts.ts";
import { reconcile } from "../../src/drill/reconcile.ts";
import { guestbookScript } from "../../src/drill/script.ts";
import { startVisitor } from "../../src/drill/visitor.ts";
import { eventually } from "../support/process.ts";
import { startDns, startSite } from "./world.ts";

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function stage(
  options: Partial<ActOptions> & { readonly carried: (id: string, index: number) => boolean },
) {
  const old = await startSite("127.0.0.23");
  const next = await startSite("127.0.0.24", old.port);
  const dns = await startDns(old.address, 1);
  const visitor = await startVisitor({
    name: "book.example.test",
    port: old.port,
    resolver: dns.server,
    script: guestbookScript,
    users: 4,
    arrivalMs: 1_000,
    deadlineMs: 30_000,
  });
  closers.push(old.close, next.close, dns.close, () => visitor.stop());
  const act = await runAct({
    name: "ungraceful",
    from: "primary",
    to: "mirror",
    visitor,
    warmUpMs: 1_500,
    // So that what the old site has written is acknowledged, too.
    ready: () => visitor.settled(Date.now()),
    outage: async () => {
      const before = visitor.requests.length;
      await old.close();
      await eventually("a user notices", () => visitor.requests.slice(before).some(({ ok }) => !ok));
    },
    cutover: async () => {
      const decisionAt = Date.now();
      for (const [index, id] of [...old.entries].entries())
        if (options.carried(id, index)) next.entries.add(id);
      dns.address = next.address;
      return { decisionAt, dnsAt: Date.now(), steps: [], declaredLoss: 2 };
    },
    ttlSeconds: 1,
    siteOf: (address) =>
      address === old.address ? "primary" : address === next.address ? "mirror" : undefined,
    reconcile: (writes) =>
      reconcile(writes, {
        script: guestbookScript,
        site: { address: next.address, port: next.port, host: "book.example.test" },
        attempts: 10,
        retryMs: 10,
      }),
    ...options,
  });
  return { act, old, next, visitor };
}

test("an act counts what its users saw and what became of their writes", async () => {
  const phases: string[] = [];
  const { act, old, visitor } = await stage({
    carried: (_, index) => index !== 3,
    onPhase: (phase) => phases.push(phase),
  });
  const { result } = act;
  expect(phases).toEqual(["warm-up", "outage", "cutover", "settling", "reconciling"]);
  expect(result.measure).toMatchObject({ lostWrites: 1, unexplainedWrites: 0, declaredLoss: 2 });
  expect(act.lost.map((write) => write.id)).toEqual([[...old.entries][3]]);
  expect(result.measure.failedRequests).toBeGreaterThan(0);
  const [outage] = result.measure.outages;
  const first = visitor.requests.find(({ ok, at }) => !ok && at === outage?.from);
  expect((first?.at ?? 0) + (first?.latencyMs ?? 0)).toBeGreaterThan((result.outageAt ?? 0) - 50);
  expect(outage?.to).toBeLessThanOrEqual(Date.now());
  const counted = result.buckets.map((bucket) =>
    Object.values(bucket.good).reduce((sum, value) => sum + value, bucket.failed),
  );
  expect(counted.reduce((sum, value) => sum + value, 0)).toBe(result.measure.requests);
  const answering = result.buckets
    .map((bucket) => Object.keys(bucket.good))
    .filter((sites) => sites.length > 0);
  expect(answering[0]).toEqual(["primary"]);
  expect(answering.at(-1)).toEqual(["mirror"]);
});

test("an act whose users don't recover ends all the same, without a recovery time", async () => {
  const { act } = await stage({
    carried: () => true,
    settleMs: 1_000,
    cutover: async () => ({ decisionAt: Date.now(), dnsAt: Date.now(), steps: [] }),
  });
  expect(act.result.measure.rtoSeconds).toBeUndefined();
  expect(act.result.measure.lostWrites).toBeGreaterThan(0);
});

test("an act stops when it is told to", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("stopped by hand")), 300);
  await expect(stage({ carried: () => true, signal: controller.signal })).rejects.toThrow();
});
