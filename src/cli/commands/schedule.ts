import { Command } from "commander";
import { InputError } from "../../base/errors.ts";
import { runJob, runSchedule, type ScheduleOptions } from "../../failover/schedule.ts";
import { interruptSignal } from "../interrupt.ts";
import { type KitOptions, terminalLog, withKit, worldOf } from "../kit-file.ts";
import { terminal } from "../terminal.ts";

/** The schedule from outside, for platforms that have none of their own. */
export function scheduleCommand(): Command {
  const command = new Command("schedule").description("run the app's scheduled jobs where it is active");
  const options: Omit<ScheduleOptions, "signal"> = {
    log: terminalLog,
    onRun: ({ job, site, exitCode, output }) => {
      terminal.print(`${job} at ${site}: exit ${exitCode}`);
      if (output !== "") terminal.print(output.trimEnd());
    },
  };
  withKit(command.command("run"))
    .description("start each job at its time, until ended; asks the ledger each time who is active")
    .option("--once <job>", "run this one job now, and end")
    .addHelpText("after", "\nExample:\n  $ understudy schedule run --kit understudy.kit")
    .action(async ({ once, ...kit }: KitOptions & { readonly once?: string }) => {
      const world = await worldOf(kit);
      const signal = interruptSignal();
      if (once === undefined) return await runSchedule(world, { ...options, signal });
      const job = world.app.schedule[once];
      if (job === undefined) {
        const known = Object.keys(world.app.schedule).join(", ") || "none";
        throw new InputError([
          { code: "unknown-job", message: `There is no job '${once}'; there are: ${known}.` },
        ]);
      }
      await runJob(world, once, job, { ...options, signal });
    });
  return command;
}
