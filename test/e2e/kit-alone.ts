import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { RunReport } from "../../src/failover/report.ts";
import { killProvider, startProvider } from "../../src/local/control.ts";
import { understudy } from "../support/understudy.ts";
import { databaseUrl, type TestStage } from "./stage.ts";
import { canWrite, followable, notesAt, standing } from "./standing.ts";

/** Test: the primary's provider, the project and its state are gone, and the kit is all there is. */
export function kitAlone(stage: () => TestStage): void {
  it("cuts over from an empty folder with nothing but the kit", async () => {
    const { folder, project, kit, local, env } = stage();
    const before = await standing(stage());
    expect(before.active).toBe("primary");
    await followable(stage(), before);
    const notes = await notesAt(stage(), "primary");
    const empty = await mkdtemp(join(tmpdir(), "understudy-test-"));
    onTestFinished(() => rm(empty, { recursive: true }));

    await killProvider(local.folder, "heroku");
    await expect(databaseUrl(stage(), "primary")).rejects.toThrow();
    // Out of the way, not deleted: the last tests destroy what was made by them.
    const away = join(folder, "away");
    for (const path of [project, join(folder, "state")])
      await rename(path, `${away}-${path.split("/").at(-1)}`);
    const args = ["cutover", "--to", "mirror", "--mode", "ungraceful", "--yes", "--kit", kit, "--json"];
    const outcome = await understudy(args, {
      cwd: empty,
      env: { UNDERSTUDY_PASSPHRASE: env.UNDERSTUDY_PASSPHRASE ?? "" },
    });
    for (const path of [project, join(folder, "state")])
      await rename(`${away}-${path.split("/").at(-1)}`, path);

    expect(outcome).toMatchObject({ exitCode: 0 });
    const report = JSON.parse(outcome.stdout) as RunReport;
    expect(report).toMatchObject({ outcome: "done", mode: "ungraceful", to: "mirror" });
    const outcomes = Object.fromEntries(report.steps.map(({ name, outcome }) => [name, outcome]));
    expect(outcomes).toMatchObject({
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
