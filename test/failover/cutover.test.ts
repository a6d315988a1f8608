import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RefusedError } from "../../src/base/errors.ts";
import { type CutoverOptions, cutover, prepare, resume } from "../../src/failover/cutover.ts";
import { type Entry, openJournal } from "../../src/failover/journal.ts";
import { reportOf } from "../../src/failover/report.ts";
import { runbook } from "../../src/failover/runbook.ts";
import { walk } from "../../src/failover/walk.ts";
import { type Memory, memoryWorld, targets } from "./memory-world.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cutover-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function options(changes: Partial<CutoverOptions> = {}): CutoverOptions {
  return {
    to: "mirror",
    mode: "graceful",
    folder,
    consent: async () => true,
    signal: new AbortController().signal,
    ...changes,
  };
}

function expectMirrorActive(memory: Memory, epoch: number): void {
  expect(memory).toMatchObject({
    ledger: { epoch, active: "mirror" },
    target: targets.mirror,
    ttlSeconds: 5,
    counts: { primary: { web: 1, worker: 0 }, mirror: { web: 1, worker: 1 } },
    maintenance: { primary: true, mirror: false },
    scheduled: { mirror: true },
    writable: { primary: false, mirror: true },
    violations: [],
    held: { primary: false, mirror: false },
  });
}

function expectPrimaryActive(memory: Memory): void {
  expect(memory).toMatchObject({
    ledger: { active: "primary" },
    target: targets.primary,
    ttlSeconds: 5,
    counts: { primary: { web: 1, worker: 1 }, mirror: { web: 1, worker: 0 } },
    maintenance: { primary: false, mirror: false },
    scheduled: { mirror: false },
    writable: { primary: true, mirror: false },
    violations: [],
    held: { primary: false, mirror: false },
  });
}

/** The two orders of a graceful run, with the epoch that they end in: users first, whose writes wait at the new side, or the data first. */
const orders = [
  { holds: true, epoch: 4 },
  { holds: false, epoch: 3 },
];

describe.each(orders)("a graceful cutover, where writers can wait: $holds", ({ holds, epoch }) => {
  it("makes the mirror active, with one writer at any time, and reports from its journal", async () => {
    const { world, memory } = memoryWorld({ holds });
    const journal = await cutover(world, options());
    expectMirrorActive(memory, epoch);
    const report = reportOf(journal.entries);
    expect(report).toMatchObject({
      outcome: "done",
      from: "primary",
      to: "mirror",
      epoch,
      declaredLoss: 0,
    });
    expect(report?.steps.every((step) => step.outcome === "done")).toBe(true);
    expect(report?.trafficAt).toBeGreaterThan(report?.startedAt ?? Number.POSITIVE_INFINITY);
  });

  it("leads back home the same way", async () => {
    const { world, memory } = memoryWorld({ holds });
    await cutover(world, options());
    await cutover(world, options({ to: "primary" }));
    expect(memory).toMatchObject({
      ledger: { epoch: 2 * epoch - 1, active: "primary" },
      writable: { primary: true, mirror: false },
      maintenance: { primary: false, mirror: true },
      scheduled: { mirror: false },
      violations: [],
    });
  });

  it("takes everything back when a step fails before the new side is promoted", async () => {
    const { world, memory } = memoryWorld({ holds });
    const links = world.links("primary", "mirror");
    const drain = async (): Promise<never> => {
      throw new Error("the target's disk is full");
    };
    const brokenLinks = links.map(({ hold, ...link }) => ({
      ...link,
      drain,
      ...(hold === undefined ? {} : { hold: async () => ({ ...(await hold()), drain }) }),
    }));
    const broken = { ...world, links: () => brokenLinks };
    await expect(cutover(broken, options())).rejects.toMatchObject({ code: "cutover-rolled-back" });
    expectPrimaryActive(memory);
    // And the way is free for the next.
    await cutover(world, options());
    expect(memory.ledger.active).toBe("mirror");
  });

  it("takes everything back when it is interrupted before that", async () => {
    const { world, memory } = memoryWorld({ holds });
    const interrupt = new AbortController();
    const stop = cutover(
      world,
      options({
        signal: interrupt.signal,
        onEvent: ({ type, step }) => {
          if (type === "step-ended" && step.name === "fence") interrupt.abort();
        },
      }),
    );
    await expect(stop).rejects.toMatchObject({ code: "cutover-rolled-back" });
    expectPrimaryActive(memory);
  });

  it("only goes forward once the new side is promoted", async () => {
    const { world, memory } = memoryWorld({ holds });
    const control = world.sites.mirror?.control;
    if (control === undefined) throw new Error("no mirror");
    const { observe, scale } = control;
    control.observe = async () => {
      throw new Error("the control plane is away");
    };
    const steps = runbook(world, (await prepare(memoryWorld({ holds }).world, options())).plan);
    expect(steps.map((step) => step.name)).toContain("promote");
    await expect(cutover(world, options())).rejects.toMatchObject({ rule: "target-ready" });
    control.observe = observe;
    control.scale = async () => {
      throw new Error("the control plane is away");
    };
    await expect(cutover(world, options())).rejects.toMatchObject({ code: "cutover-interrupted" });
    control.scale = scale;
    expect(memory.writable).toEqual({ primary: false, mirror: true });
    await expect(cutover(world, options())).rejects.toMatchObject({ code: "run-unfinished" });
    await resume(world, options());
    expectMirrorActive(memory, epoch);
  });
});

describe("users who come to the new side before its data is writable", () => {
  it("wait, and the old side is the only writer until it is fenced", async () => {
    const { world, memory } = memoryWorld();
    const seen: Record<string, unknown> = {};
    const look = () => ({
      users: memory.target === targets.mirror ? "mirror" : "primary",
      active: memory.ledger.active,
      writable: Object.keys(memory.writable).filter((site) => memory.writable[site]),
      held: memory.held.mirror,
    });
    await cutover(
      world,
      options({
        onEvent: ({ type, step }) => {
          if (type === "step-ended") seen[step.name] = look();
        },
      }),
    );
    const before = { active: "primary", held: true };
    expect(seen).toMatchObject({
      health: { users: "primary", active: "primary", writable: ["primary"], held: false },
      hold: { users: "primary", writable: ["primary"], ...before },
      traffic: { users: "mirror", writable: ["primary"], ...before },
      settle: { users: "mirror", writable: ["primary"], ...before },
      fence: { users: "mirror", writable: [], ...before },
      promote: { users: "mirror", active: "primary", writable: ["mirror"], held: false },
      declare: { users: "mirror", active: "mirror", writable: ["mirror"], held: false },
    });
  });

  it("are refused for a moment where the hold fails or is lost; the cutover goes on", async () => {
    const { world, memory } = memoryWorld();
    const [link] = world.links("primary", "mirror");
    if (link === undefined) throw new Error("no link");
    const gone = async (): Promise<never> => {
      throw new Error("the connection was lost");
    };
    const lost = { ...link, hold: async () => ({ drain: gone, promote: gone, release: async () => {} }) };
    const report = reportOf((await cutover({ ...world, links: () => [lost] }, options())).entries);
    expect(report?.steps.find(({ name }) => name === "drain")?.detail).toContain("the connection was lost");
    expectMirrorActive(memory, 4);
    const failing = {
      ...world,
      links: () => [{ ...(world.links("mirror", "primary")[0] ?? link), hold: gone }],
    };
    const back = reportOf((await cutover(failing, options({ to: "primary" }))).entries);
    expect(back?.steps.find(({ name }) => name === "hold")?.outcome).toBe("unreachable");
    expect(memory.writable).toEqual({ primary: true, mirror: false });
  });
});

describe("an ungraceful cutover", () => {
  it("goes on without the lost side, and states what may be lost", async () => {
    const { world, memory } = memoryWorld();
    memory.lost.add("primary");
    await expect(cutover(world, options())).rejects.toMatchObject({ rule: "source-answers" });
    const asked: string[] = [];
    const journal = await cutover(
      world,
      options({
        mode: "ungraceful",
        consent: async (objections) => {
          asked.push(...objections.map((objection) => objection.seen));
          return true;
        },
      }),
    );
    expect(asked).toEqual(["An ungraceful cutover: up to 5 acknowledged changes may be lost."]);
    expect(memory.ledger).toMatchObject({ epoch: 3, active: "mirror" });
    expect(memory.writable.mirror).toBe(true);
    const report = reportOf(journal.entries);
    expect(report?.declaredLoss).toBe(5);
    const outcomes = Object.fromEntries(report?.steps.map((step) => [step.name, step.outcome]) ?? []);
    expect(outcomes).toMatchObject({
      fence: "unreachable",
      drain: "unreachable",
      promote: "done",
      traffic: "done",
    });
  });

  it("waits for the lost side once: for its processes and its data side by side", async () => {
    const { world } = memoryWorld();
    const control = world.sites.primary?.control;
    if (control === undefined) throw new Error("no primary");
    // Neither answers before the other was asked.
    const asked = { processes: Promise.withResolvers<void>(), data: Promise.withResolvers<void>() };
    const silent = async (mine: PromiseWithResolvers<void>, other: PromiseWithResolvers<void>) => {
      mine.resolve();
      await other.promise;
      throw new Error("no answer within 2 s");
    };
    control.scale = () => silent(asked.processes, asked.data);
    const links = world
      .links("primary", "mirror")
      .map((link) => ({ ...link, fence: () => silent(asked.data, asked.processes) }));
    const run = cutover({ ...world, links: () => links }, options({ mode: "ungraceful" }));
    const report = reportOf((await run).entries);
    expect(report?.steps.find(({ name }) => name === "fence")).toMatchObject({
      outcome: "unreachable",
      detail: "no answer within 2 s; no answer within 2 s",
    });
  });

  it("stops a side that answers, and its data ends where nothing is lost", async () => {
    const { world, memory } = memoryWorld();
    const report = reportOf((await cutover(world, options({ mode: "ungraceful" }))).entries);
    expectMirrorActive(memory, 3);
    expect(report?.steps.find(({ name }) => name === "drain")).toMatchObject({ outcome: "done" });
  });

  it("does nothing without consent", async () => {
    const { world, memory } = memoryWorld();
    memory.lost.add("primary");
    const refused = cutover(world, options({ mode: "ungraceful", consent: async () => false }));
    await expect(refused).rejects.toMatchObject({ rule: "loss-accepted" });
    expect(memory.ledger.epoch).toBe(1);
  });
});

describe("two runs", () => {
  it("can't both win: the one with the stale ledger fails and takes itself back", async () => {
    const { world, memory } = memoryWorld();
    const other = { epoch: 2, active: "primary", by: "somebody else" };
    const late = cutover(
      world,
      options({
        onEvent: ({ type, step }) => {
          if (type === "step-started" && step.name === "claim") memory.ledger = other;
        },
      }),
    );
    await expect(late).rejects.toMatchObject({ code: "cutover-rolled-back" });
    expect(memory.ledger).toEqual(other);
    expect(memory.writable).toEqual({ primary: true, mirror: false });
  });

  it("are refused in one folder while the first goes on", async () => {
    const { world } = memoryWorld();
    const journal = await openJournal(folder, "first");
    await expect(cutover(world, options())).rejects.toBeInstanceOf(RefusedError);
    await journal.close();
    await cutover(world, options());
  });
});

describe.each(orders)("a run that is killed, where writers can wait: $holds", ({ holds, epoch }) => {
  // Every line of the journal of a whole run is a place where the process may die right after it was written.
  it("goes on from each of its journal's lines to the same end", async () => {
    const whole = memoryWorld({ holds });
    const lines = (await cutover(whole.world, options())).entries.length;
    await rm(folder, { recursive: true });
    for (let line = 2; line < lines; line++) {
      const { world, memory } = memoryWorld({ holds });
      const { plan } = await prepare(world, options());
      const journal = await openJournal(folder, plan.run);
      await journal.append({ type: "start", at: 0, plan });
      // The dead do nothing more: the walk hangs in its last write for ever.
      await new Promise<void>((died) => {
        const append = async (entry: Entry): Promise<void> => {
          if (journal.entries.length < line) return await journal.append(entry);
          died();
          await new Promise(() => {});
        };
        const dying = { ...journal, append };
        void walk({ ...options(), world, plan, steps: runbook(world, plan), journal: dying });
      });
      await journal.close();
      // A hold ends with the process that has it.
      Object.assign(memory.held, { primary: false, mirror: false });
      await resume(world, options());
      expectMirrorActive(memory, epoch);
      await rm(folder, { recursive: true });
    }
  });

  it("reads past a line that was cut off in the middle", async () => {
    const { world, memory } = memoryWorld({ holds });
    const { plan } = await prepare(world, options());
    const journal = await openJournal(folder, plan.run);
    await journal.append({ type: "start", at: 0, plan });
    await journal.close();
    await writeFile(journal.path, `${await readFile(journal.path, "utf8")}{"type":"intent","at":1,"st`);
    await resume(world, options());
    expectMirrorActive(memory, epoch);
    expect(await readdir(folder)).toEqual([`${plan.run}.jsonl`]);
  });
});
