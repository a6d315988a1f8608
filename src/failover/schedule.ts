import { Cron } from "croner";
import type { Job } from "../app/schema.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { World } from "./world.ts";

/** One run of a job. */
export interface JobRun {
  readonly job: string;
  readonly site: string;
  readonly exitCode: number;
  readonly output: string;
}

export interface ScheduleOptions {
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly onRun?: (run: JobRun) => void;
}

/**
 * The schedule from outside, for platforms that have none: at each time of a job's cron line it asks the ledger who is
 * active and runs the job there, once. A job that still runs is not started again, unless its overlap says `allow`.
 */
export async function runSchedule(world: World, options: ScheduleOptions): Promise<void> {
  const jobs = Object.entries(world.app.schedule).map(
    ([name, job]) =>
      new Cron(
        job.cron,
        {
          timezone: job.timezone,
          // croner's `protect` skips a run while the one before it goes on.
          protect: job.overlap !== "allow",
          catch: (error) => options.log.warn(`${name}: ${messageOf(error)}`),
        },
        () => runJob(world, name, job, options),
      ),
  );
  try {
    await new Promise<void>((resolve) => {
      if (options.signal.aborted) return resolve();
      options.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    for (const job of jobs) job.stop();
  }
}

/** Without a readable ledger nothing runs: a job that is late does less harm than one that runs on both sides. */
export async function runJob(
  world: World,
  name: string,
  job: Job,
  { signal, log, onRun }: ScheduleOptions,
): Promise<void> {
  const { ledger } = await world.zone.read({ signal });
  const site = ledger === undefined ? undefined : world.sites[ledger.active];
  if (site === undefined) {
    log.warn(`${name} was not run: the ledger names no active site.`);
    return;
  }
  // Its platform keeps the schedule itself.
  if (site.control.schedule !== undefined) return;
  const timeoutMs = (job.timeoutSeconds ?? 3600) * 1000;
  const { exitCode, output } = await site.control.run(job.command, { signal, timeoutMs });
  onRun?.({ job: name, site: site.name, exitCode, output });
}
