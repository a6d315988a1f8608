import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { RunReport } from "../../src/failover/report.ts";
import { killProvider, startProvider } from "../../src/local/control.ts";
import { understudy } from "../support/understudy.ts";
import { databaseUrl, type TestStage } from "./stage.ts";
import { canWrite, expectSettled, followable, notesAt, standing } from "./standing.ts";

/** Moves things out of the way, so that nothing finds them; gives how they come back. */
async function takeAway(folder: string, paths: readonly string[]): Promise<() => Promise<void>> {
  const away = join(folder, "away");
  await mkdir(away);
  for (const path of paths) await rename(path, join(away, basename(path)));
  return async () => {
    for (const path of paths) await rename(join(away, basename(path)), path);
  };
}

/** Tests: the way home, and then the primary's provider, the project and its state are gone and the kit is all there is. */
export function kitAlone(stage: () => TestStage): void {
  it("failback leads home", async () => {
    const { kit, runs } = stage();
    const before = await standing(stage());
    expect(before.active).toBe("mirror");
    await followable(stage(), before);
    const { exitCode, stdout } = await stage().understudy(["failback", "--kit", kit, "--runs", runs]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("primary is active");
    await expectSettled(stage(), { active: "primary", standby: "mirror", epoch: before.epoch + 3 });
  });

  it("cuts over from an empty folder with nothing but the kit", async () => {
    const { folder, project, kit, local, env } = stage();
    const before = await standing(stage());
    await followable(stage(), before);
    const notes = await notesAt(stage(), "primary");
    const empty = await mkdtemp(join(tmpdir(), "understudy-test-"));
    onTestFinished(() => rm(empty, { recursive: true }));

    await killProvider(local.folder, "heroku");
    await expect(databaseUrl(stage(), "primary")).rejects.toThrow();
    // Not deleted: the last tests destroy what was made by them.
    const bringBack = await takeAway(folder, [project, join(folder, "state")]);
    const args = ["cutover", "--to", "mirror", "--mode", "ungraceful", "--yes", "--kit", kit, "--json"];
    const passphrase = { UNDERSTUDY_PASSPHRASE: env.UNDERSTUDY_PASSPHRASE ?? "" };
    const outcome = await understudy(args, { cwd: empty, env: passphrase }).finally(bringBack);

    expect(outcome).toMatchObject({ exitCode: 0 });
    const report = JSON.parse(outcome.stdout) as RunReport;
    expect(report).toMatchObject({ outcome: "done", mode: "ungraceful", to: "mirror" });
    expect(Object.fromEntries(report.steps.map((step) => [step.name, step.outcome]))).toMatchObject({
      fence: "unreachable",
      promote: "done",
      traffic: "done",
      verify: "done",
    });
    expect(await standing(stage())).toMatchObject({ active: "mirror", epoch: before.epoch + 2 });
    expect(await canWrite(stage(), "mirror")).toBe(true);
    const present = await notesAt(stage(), "mirror");
    expect([...notes].filter((note) => !present.has(note))).toEqual([]);
    await startProvider(local.folder, "heroku");
  });
}
