import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Entry } from "../../src/failover/journal.ts";
import type { RunReport } from "../../src/failover/report.ts";
import type { TestStage } from "./stage.ts";
import {
  expectSettled,
  followable,
  inMaintenance,
  limitMs,
  notesAt,
  standing,
  startWriter,
} from "./standing.ts";

/** The steps of a graceful cutover with a database, in order. */
const steps = [
  "claim",
  "wait-ttl",
  "open",
  "health",
  "quiesce",
  "hold",
  "traffic",
  "settle",
  "fence",
  "drain",
  "promote",
  "declare",
  "verify",
  "start",
  "turn-around",
  "retire",
] as const;

function journals({ runs }: TestStage): readonly string[] {
  try {
    return readdirSync(runs).filter((name) => name.endsWith(".jsonl"));
  } catch {
    return [];
  }
}

/** A look at the journal of the next run: `reached` waits until it has the result of a step. */
export function nextJournal(stage: TestStage): {
  entries(): readonly Entry[];
  reached(step: string): Promise<void>;
} {
  const known = new Set(journals(stage));
  const entries = (): readonly Entry[] => {
    const name = journals(stage).find((item) => !known.has(item));
    if (name === undefined) return [];
    const lines = readFileSync(join(stage.runs, name), "utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  };
  return {
    entries,
    async reached(step) {
      const end = performance.now() + limitMs;
      while (!entries().some((entry) => entry.type === "result" && entry.step === step)) {
        if (performance.now() > end) throw new Error(`The run never came to the end of '${step}'.`);
        await delay(1);
      }
    },
  };
}

/** Tests: a cutover killed after each of its steps goes on to the end that it would have had. */
export function killedRuns(stage: () => TestStage): void {
  /** The steps after which the kill came before the run's end. */
  const cutOff = new Set<string>();

  it("has these steps", async () => {
    const { other } = await standing(stage());
    const { stdout } = await stage().startCutover(["--to", other, "--dry-run", "--json"]).outcome;
    const planned = JSON.parse(stdout) as { readonly steps: readonly { readonly name: string }[] };
    expect(planned.steps.map(({ name }) => name)).toEqual(steps);
  });

  it.each(steps)("goes on to the same end when it is killed after %s", async (step) => {
    const before = await standing(stage());
    const { active: from, other: to, epoch } = before;
    await followable(stage(), before);
    const stopWriter = await startWriter(stage(), from);
    const journal = nextJournal(stage());
    const run = stage().startCutover(["--to", to, "--json"]);
    await Promise.race([journal.reached(step), run.outcome]);
    run.child.kill("SIGKILL");
    const killed = await run.outcome;
    const hasEnded = journal.entries().some((entry) => entry.type === "end");

    const resumed = await stage().startCutover(["--resume", "--json"]).outcome;
    const acknowledged = await stopWriter();
    if (hasEnded) {
      // The last steps and the end are a moment apart: the kill may have been too late.
      expect(JSON.parse(resumed.stdout)).toMatchObject({ error: { code: "no-unfinished-run" } });
    } else {
      cutOff.add(step);
      expect({ ...resumed, killed: killed.stderr }).toMatchObject({ exitCode: 0 });
      const report = JSON.parse(resumed.stdout) as RunReport;
      expect(report).toMatchObject({ outcome: "done", from, to, epoch: epoch + 3, declaredLoss: 0 });
      expect(report.steps.map(({ name }) => name)).toEqual(steps);
      for (const { outcome } of report.steps) expect(["done", "already"]).toContain(outcome);
    }
    await expectSettled(stage(), { active: to, standby: from, epoch: epoch + 3 });
    expect([await inMaintenance(stage(), to), await inMaintenance(stage(), from)]).toEqual([false, true]);
    const present = await notesAt(stage(), to);
    expect(acknowledged.filter((note) => !present.has(note))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  it("was cut off before its end nearly always", () => {
    expect(cutOff.size).toBeGreaterThanOrEqual(steps.length / 2);
  });
}
