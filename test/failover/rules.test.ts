import { describe, expect, it } from "vitest";
import type { LinkStatus } from "../../src/data/contract.ts";
import { declaredLoss, type Intention, judge } from "../../src/failover/rules.ts";
import { observe, type Situation } from "../../src/failover/situation.ts";
import { memoryWorld } from "./memory-world.ts";

async function situation(): Promise<{
  app: ReturnType<typeof memoryWorld>["world"]["app"];
  seen: Situation;
}> {
  const { world } = memoryWorld();
  return { app: world.app, seen: await observe(world) };
}

const graceful: Intention = { mode: "graceful", to: "mirror" };
const ungraceful: Intention = { mode: "ungraceful", to: "mirror" };

function withLink(seen: Situation, changes: Partial<LinkStatus>): Situation {
  return {
    ...seen,
    links: seen.links.map((link) => (link.ok ? { ok: true, value: { ...link.value, ...changes } } : link)),
  };
}

async function rulesThatObject(
  change: (seen: Situation) => Situation,
  intention: Intention,
): Promise<readonly string[]> {
  const { app, seen } = await situation();
  return judge(app, change(seen), intention).map(({ rule, kind }) => `${rule} ${kind}`);
}

describe("the rules", () => {
  it("let a graceful cutover of a healthy pair go ahead", async () => {
    expect(await rulesThatObject((seen) => seen, graceful)).toEqual([]);
  });

  it("ask before an ungraceful one", async () => {
    expect(await rulesThatObject((seen) => seen, ungraceful)).toEqual(["loss-accepted asks"]);
  });

  it("forbid what nobody can judge: no zone, no ledger", async () => {
    const traffic = (value: Situation["traffic"]) => (seen: Situation) => ({ ...seen, traffic: value });
    expect(await rulesThatObject(traffic({ ok: false, reason: "refused" }), graceful)).toEqual([
      "ledger-readable forbids",
    ]);
    const empty = { ledger: undefined, target: undefined, ttlSeconds: undefined };
    expect(await rulesThatObject(traffic({ ok: true, value: empty }), graceful)).toEqual([
      "ledger-readable forbids",
    ]);
  });

  it("forbid a cutover to the site that is active", async () => {
    expect(await rulesThatObject((seen) => seen, { ...graceful, to: "primary" })).toEqual([
      "target-is-standby forbids",
    ]);
  });

  it("refuse while another run holds the zone, wherever it was started", async () => {
    const held = (seen: Situation): Situation => ({
      ...seen,
      traffic: {
        ok: true,
        value: {
          ledger: { epoch: 2, active: "primary", by: "claim:somebody-elses-run" },
          target: undefined,
          ttlSeconds: 1,
        },
      },
    });
    expect(await rulesThatObject(held, graceful)).toEqual(["zone-unclaimed refuses"]);
  });

  it("refuse a target without running processes, or one that isn't well", async () => {
    const mirror = (change: object) => (seen: Situation) =>
      ({ ...seen, sites: { ...seen.sites, mirror: { ...seen.sites.mirror, ...change } } }) as Situation;
    const processes = { web: { desired: 1, running: 0 } };
    const cold = { observation: { ok: true, value: { processes, maintenance: false, release: "v1" } } };
    expect(await rulesThatObject(mirror(cold), graceful)).toEqual(["target-ready refuses"]);
    const ill = { health: { ok: true, value: { healthy: false, detail: "GET / answered 500" } } };
    expect(await rulesThatObject(mirror(ill), graceful)).toEqual(["target-ready refuses"]);
  });

  it("refuse data that can't be promoted, with its reason", async () => {
    const { app, seen } = await situation();
    const drifted = withLink(seen, {
      promotable: { ok: false, reason: "the column entries.mood is missing" },
    });
    const [objection] = judge(app, drifted, graceful);
    expect(objection).toMatchObject({ rule: "links-ready", seen: expect.stringContaining("entries.mood") });
  });

  it("refuse a loss beyond the objective, and state it", async () => {
    const { app, seen } = await situation();
    const late = withLink(seen, {
      sourceReachable: false,
      lastReadAt: seen.at - 120_000,
      writesPerSecond: 10,
    });
    const objection = judge(app, late, ungraceful).find(({ rule }) => rule === "lag-within-objective");
    expect(objection?.seen).toBe(
      "The target's data is 120 s old, the objective is 60 s: up to 1200 changes would be lost.",
    );
  });
});

describe("declaredLoss", () => {
  it("is what was written since the last read, rounded up, over all links", async () => {
    const { seen } = await situation();
    const link = seen.links[0];
    if (link?.ok !== true) throw new Error("the memory link answers");
    const lost = { ...link.value, sourceReachable: false, lastReadAt: 1_000, writesPerSecond: 24.1 };
    expect(declaredLoss([lost, lost], 1_500)).toBe(26);
    expect(declaredLoss([{ ...link.value, lag: { changes: 7, bytes: 1, seconds: 1 } }], 1_500)).toBe(7);
  });
});
