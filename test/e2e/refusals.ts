import { expect, it } from "vitest";
import { nextJournal } from "./kills.ts";
import type { TestStage } from "./stage.ts";
import { expectSettled, followable, inMaintenance, observed, standing } from "./standing.ts";

/** Tests: what doesn't become a cutover leaves everything as it was. */
export function refusals(stage: () => TestStage): void {
  it("refuses a second cutover while one runs, and the first ends well", async () => {
    const before = await standing(stage());
    const { active: from, other: to, epoch } = before;
    await followable(stage(), before);
    const journal = nextJournal(stage());
    const first = stage().startCutover(["--to", to]);
    await Promise.race([journal.reached("claim"), first.outcome]);
    // Held in the middle of its run, however long the second one takes to come.
    first.child.kill("SIGSTOP");
    const second = await stage().startCutover(["--to", to, "--json"]).outcome;
    first.child.kill("SIGCONT");
    expect(second.exitCode).toBe(4);
    const { error } = JSON.parse(second.stdout) as { readonly error: Readonly<Record<string, string>> };
    expect(["run-under-way", "run-unfinished"]).toContain(error.code);
    expect(error).toMatchObject({ rule: "one-run-at-a-time", suggestion: expect.any(String) });
    expect((await first.outcome).exitCode).toBe(0);
    await expectSettled(stage(), { active: to, standby: from, epoch: epoch + 3 });
  });

  it("refuses a cutover to the site that is active", async () => {
    const { active } = await standing(stage());
    const { exitCode, stderr } = await stage().startCutover(["--to", active]).outcome;
    expect(exitCode).toBe(4);
    expect(stderr).toContain(`'${active}' is active already`);
  });

  it("changes nothing in a dry run", async () => {
    const before = await standing(stage());
    await followable(stage(), before);
    const seen = await observed(stage());
    const journal = nextJournal(stage());
    const { exitCode, stdout } = await stage().startCutover(["--to", before.other, "--dry-run"]).outcome;
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Nothing was changed.");
    expect(await observed(stage())).toEqual(seen);
    expect(journal.entries()).toEqual([]);
    await expectSettled(stage(), { active: before.active, standby: before.other, epoch: before.epoch });
  });

  /** A cutover from the site that is active, interrupted right after a step; again where the promotion was faster. */
  const interruptedAfter = async (step: string) => {
    for (;;) {
      const before = await standing(stage());
      await followable(stage(), before);
      const journal = nextJournal(stage());
      const run = stage().startCutover(["--to", before.other]);
      await Promise.race([journal.reached(step), run.outcome]);
      run.child.kill("SIGINT");
      const outcome = await run.outcome;
      const isPromoted = journal
        .entries()
        .some((entry) => entry.type === "intent" && entry.step === "promote");
      if (!isPromoted) return { ...before, ...outcome, journal };
      expect(outcome).toMatchObject({ exitCode: 0 });
      await followable(stage(), await standing(stage()));
      expect(await stage().startCutover(["--to", before.active]).outcome).toMatchObject({ exitCode: 0 });
    }
  };

  it.each([
    // The signal may reach it in the midst of the next change of the zone.
    ["claim", [2, 3]],
    ["traffic", [3]],
  ])("takes the run back on Ctrl-C before the promotion, after %s", async (step, epochs) => {
    const { active, other, epoch, exitCode, stderr, journal } = await interruptedAfter(step);
    expect(stderr).toContain(`'${active}' is active as before`);
    expect(exitCode).toBe(130);
    expect(journal.entries().at(-1)).toMatchObject({ type: "end", outcome: "rolled-back" });
    const { epoch: now } = await standing(stage());
    expect(epochs).toContain(now - epoch);
    await expectSettled(stage(), { active, standby: other, epoch: now });
    expect(await inMaintenance(stage(), active)).toBe(false);
    const { exitCode: resumed } = await stage().startCutover(["--resume"]).outcome;
    expect(resumed).toBe(1);
  });
}
