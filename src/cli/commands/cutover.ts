import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import { UnderstudyError } from "../../base/errors.ts";
import { cutover, prepare, resume } from "../../failover/cutover.ts";
import type { Mode } from "../../failover/journal.ts";
import { reportOf } from "../../failover/report.ts";
import type { Objection } from "../../failover/rules.ts";
import type { WalkEvent } from "../../failover/walk.ts";
import type { World } from "../../failover/world.ts";
import { interruptSignal } from "../interrupt.ts";
import { type KitOptions, withKit, worldOf } from "../kit-file.ts";
import { terminal } from "../terminal.ts";

interface Options extends KitOptions {
  readonly to?: string;
  readonly mode: Mode;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly yes?: boolean;
  readonly override?: readonly string[];
  readonly runs: string;
  readonly json?: boolean;
}

function withCutoverOptions(command: Command): Command {
  return withKit(command)
    .addOption(
      new Option("--mode <mode>", "whether the old side can still be asked")
        .choices(["graceful", "ungraceful"])
        .default("graceful"),
    )
    .option("--dry-run", "print the steps with what each would do now, and change nothing")
    .option("--resume", "go on with the run that was cut off")
    .option("--yes", "consent to what would be asked: the loss that an ungraceful cutover states")
    .option("--override <rule...>", "go on although this rule refuses")
    .option("--runs <dir>", "folder of the journals", ".understudy/runs")
    .option("--json", "print one JSON object");
}

/** Makes another site the active one. */
export function cutoverCommand(): Command {
  return withCutoverOptions(new Command("cutover"))
    .description("make another site the active one: fence, drain, promote, move traffic")
    .option("--to <site>", "the site that becomes active")
    .addHelpText(
      "after",
      `
Examples:
  $ understudy cutover --to mirror --dry-run              what it would do now
  $ understudy cutover --to mirror                        both sides answer: nothing is lost
  $ understudy cutover --to mirror --mode ungraceful --yes  the primary is gone
  $ understudy cutover --resume                           after the command was killed`,
    )
    .action(async (options: Options) => {
      await act(await worldOf(options), options.to, options);
    });
}

/** Makes the app's home site active again. */
export function failbackCommand(): Command {
  return withCutoverOptions(new Command("failback"))
    .description("lead users back to the app's home site, with the data written meanwhile")
    .addHelpText("after", "\nExample:\n  $ understudy failback --dry-run")
    .action(async (options: Options) => {
      const world = await worldOf(options);
      await act(world, world.home, options);
    });
}

async function act(world: World, to: string | undefined, options: Options): Promise<void> {
  const shared = { folder: options.runs, signal: interruptSignal(), onEvent: showStep };
  if (options.resume === true) {
    printReport(await resume(world, shared), options);
    return;
  }
  if (to === undefined) {
    throw new UnderstudyError("No site is named.", {
      code: "no-target",
      suggestion: `Say which becomes active: --to ${Object.keys(world.sites).sort().join(" or --to ")}`,
    });
  }
  const wish = { to, mode: options.mode, overrides: options.override ?? [] };
  if (options.dryRun === true) return await dryRun(world, wish, options);
  const consent = async (objections: readonly Objection[]) => options.yes === true || (await ask(objections));
  printReport(await cutover(world, { ...shared, ...wish, consent }), options);
}

async function dryRun(
  world: World,
  wish: Parameters<typeof prepare>[1],
  { json }: Pick<Options, "json">,
): Promise<void> {
  const { plan, steps, situation, objections } = await prepare(world, wish);
  if (json === true) {
    const shown = steps.map(({ name, title, bestEffort = false, commits = false }) => ({
      name,
      title,
      bestEffort,
      commits,
    }));
    terminal.printJson({ plan, steps: shown, objections, situation });
    return;
  }
  terminal.print(
    `${plan.mode} cutover from ${plan.from} to ${plan.to}, epoch ${plan.found.epoch} -> ${plan.epoch}`,
  );
  for (const objection of objections)
    terminal.print(`  ${terminal.style("yellow", objection.seen)} ${objection.suggestion}`);
  for (const [index, step] of steps.entries()) {
    const mark = step.commits === true ? " (no way back from here)" : "";
    terminal.print(`${String(index + 1).padStart(3)}. ${step.title}${mark}`);
  }
  terminal.print("Nothing was changed.");
}

/** Without a terminal there is nobody to ask, and no answer is a no. */
async function ask(objections: readonly Objection[]): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  for (const { seen } of objections) terminal.progress(seen);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question("Go on? Only 'yes' is a yes: ")).trim() === "yes";
  } finally {
    prompt.close();
  }
}

function showStep(event: WalkEvent): void {
  if (event.type === "step-started") return;
  const { outcome, detail } = event.result;
  const mark =
    outcome === "done" || outcome === "already"
      ? terminal.style("green", "✓", process.stderr)
      : terminal.style(outcome === "failed" ? "red" : "yellow", outcome, process.stderr);
  terminal.progress(`${mark} ${event.step.title}: ${detail}`);
}

function printReport(
  { entries, path }: Awaited<ReturnType<typeof cutover>>,
  { json }: Pick<Options, "json">,
): void {
  const report = reportOf(entries);
  if (report === undefined) return;
  if (json === true) {
    terminal.printJson({ ...report, journal: path });
    return;
  }
  const seconds = ((report.endedAt ?? report.startedAt) - report.startedAt) / 1000;
  terminal.print(
    `${report.to} is active, epoch ${report.epoch}, after ${seconds.toFixed(1)} s. Journal: ${path}`,
  );
}
