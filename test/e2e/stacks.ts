import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Outcome } from "../support/understudy.ts";
import type { TestStage } from "./stage.ts";
import { limitMs, observed, standing } from "./standing.ts";

interface Summary {
  readonly result: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly step: string; readonly type: string; readonly name: string }[];
}

async function up(stage: TestStage, stack: string): Promise<Summary> {
  const outcome = await stage.understudy(["up", stack, "--engine", "offline", "--json"]);
  expect(outcome, stack).toMatchObject({ exitCode: 0 });
  return JSON.parse(outcome.stdout) as Summary;
}

/** Types of the resources that a run did anything to. */
function changed({ steps }: Summary): readonly string[] {
  return steps.filter(({ step }) => step !== "same").map(({ step, type }) => `${step} ${type}`);
}

/** All of an exported state but when it was written. */
function resourcesIn(text: string): unknown {
  const { deployment } = JSON.parse(text) as { readonly deployment: { readonly resources: unknown } };
  return deployment.resources;
}

/** Tests: the stacks of a stage on which cutovers took place. */
export function stacks(stage: () => TestStage): void {
  it("keep what a cutover did: roles come from the ledger, and traffic stays where it is", async () => {
    expect((await standing(stage())).active).toBe("mirror");
    const look = async () => {
      const { traffic, sites } = await observed(stage());
      const { primary, mirror } = sites;
      // A change of the role that it is told is a release at Heroku, of the same code.
      const { release: _, ...atPrimary } = primary ?? { release: "" };
      return { traffic, atPrimary, mirror };
    };
    const seen = await look();
    for (const stack of ["mirror", "primary", "edge"]) await up(stage(), stack);
    // Such a release starts the processes anew.
    await expect.poll(look, { timeout: limitMs }).toEqual(seen);
  });

  it.each(["primary", "mirror", "edge"])("a second up of %s changes nothing", async (stack) => {
    expect(changed(await up(stage(), stack))).toEqual([]);
  });

  it("one changed value updates what holds it, and nothing else", async () => {
    const path = join(stage().project, "understudy.yaml");
    await writeFile(path, (await readFile(path, "utf8")).replace("hello", "good day"));
    expect(changed(await up(stage(), "primary"))).toEqual(["update understudy:heroku:Config"]);
    expect(changed(await up(stage(), "mirror"))).toEqual(["update understudy:cloudfoundry:Environment"]);
  });

  it("a state that is exported and imported again is the same", async () => {
    const file = join(stage().folder, "primary.json");
    const run = async (...args: readonly string[]): Promise<Outcome> => {
      const outcome = await stage().understudy([...args, "--engine", "offline"]);
      expect(outcome).toMatchObject({ exitCode: 0 });
      return outcome;
    };
    await run("stack", "export", "primary", "--file", file);
    await run("stack", "import", "primary", "--file", file);
    const { stdout } = await run("export", "primary");
    expect(resourcesIn(stdout)).toEqual(resourcesIn(await readFile(file, "utf8")));
    expect(changed(await up(stage(), "primary"))).toEqual([]);
  });
}
