import { cpus } from "node:os";
import { resolve } from "node:path";
import { writeFileAtomic } from "../../base/file.ts";
import { renderReport } from "../../drill/report.ts";
import { type DrillResult, failuresOf, toDemoJson } from "../../drill/result.ts";
import { guestbookScript } from "../../drill/script.ts";
import { renderSummary } from "../../drill/summary.ts";
import { performThreeActs } from "../../drill/three-acts.ts";
import { startVisitor } from "../../drill/visitor.ts";
import { killProvider } from "../../local/control.ts";
import { exitCode } from "../exit.ts";
import { createProgress, type Progress } from "../progress.ts";
import { terminal } from "../terminal.ts";
import { kubernetesCluster } from "./cluster.ts";
import { cloudFoundry, type MirrorPlace } from "./mirror.ts";
import { guestbook } from "./project.ts";
import { createShow } from "./show.ts";
import { type Stage, withStage } from "./stage.ts";

export interface DemoOptions {
  readonly json?: boolean;
  /** Path of the report. */
  readonly report: string;
  /** `offline` or `pulumi`. */
  readonly engine: string;
  /** Platform of the mirror. */
  readonly mirror: string;
  /** File that tells of the cluster, for a mirror on Kubernetes. */
  readonly cluster?: string;
  readonly keep?: boolean;
}

const ratePerSecond = 50;

/** Sets the stage, performs the three acts, reports, and clears the stage away. */
export async function demo(options: DemoOptions): Promise<void> {
  const progress = createProgress();
  const signal = interruptSignal(progress);
  try {
    const { engine, keep = false } = options;
    const mirror =
      options.mirror === cloudFoundry.platform ? cloudFoundry : await kubernetesCluster(options.cluster);
    const stageOptions = { play: guestbook, mirror, engine, keep, progress, signal };
    const startedAt = Date.now();
    const partial = await withStage(stageOptions, (stage) => perform(stage, mirror, progress, signal));
    const result: DrillResult = {
      ...partial,
      engine,
      startedAt,
      wallSeconds: (Date.now() - startedAt) / 1000,
    };
    const report = resolve(options.report);
    await writeFileAtomic(report, renderReport(result));
    progress.end();
    const print = options.json === true ? terminal.progress : terminal.print;
    print(`\n${renderSummary(result)}\n\nReport: ${report}`);
    if (options.json === true) terminal.print(JSON.stringify(toDemoJson(result)));
    const missed = result.acts.some((act) => failuresOf(act, result.objectives).length > 0);
    if (missed) process.exitCode = exitCode.failed;
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = exitCode.interrupted;
  } finally {
    progress.end();
  }
}

/**
 * As other commands have it, but a second Ctrl-C out of impatience must not leave two platforms running: it takes a third
 * one to end the process with things as they are.
 */
function interruptSignal(progress: Progress): AbortSignal {
  const controller = new AbortController();
  let times = 0;
  const interrupt = () => {
    times++;
    if (times === 1) controller.abort(new Error("interrupted"));
    if (times === 2) progress.line("Everything is being taken down; that takes a few seconds.");
    if (times > 2) process.exit(exitCode.interrupted);
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  return controller.signal;
}

async function perform(
  { local, world, name, runs, upSeconds }: Stage,
  place: MirrorPlace,
  progress: Progress,
  signal: AbortSignal,
): Promise<Omit<DrillResult, "engine" | "startedAt" | "wallSeconds">> {
  const { port } = local.heroku.router;
  const visitor = await progress.step(`A visitor: ${ratePerSecond} requests a second to ${name}`, () =>
    startVisitor({
      name,
      port,
      resolver: local.dns.server,
      script: guestbookScript,
      ratePerSecond,
      arrivalMs: world.ttlSeconds * 1000,
    }),
  );
  const sites = {
    primary: { name: "primary", platform: "heroku", title: "Heroku" },
    mirror: { name: "mirror", platform: place.platform, title: place.title },
  };
  const platformAt = new Map([
    [local.heroku.router.address, sites.primary.title],
    [local.cloudfoundry.router.address, sites.mirror.title],
  ]);
  const { objectives } = world.app;
  const show = createShow({
    progress,
    visitor,
    world,
    siteOf: (address) => platformAt.get(address),
    objectives,
  });
  try {
    const acts = await performThreeActs({
      world,
      visitor,
      script: guestbookScript,
      name,
      port,
      resolver: local.dns.server,
      runs,
      loseHome: () => killProvider(local.folder, "heroku"),
      signal,
      onAct: show.onAct,
      onPhase: show.onPhase,
      onStep: show.onStep,
      onResult: show.onResult,
    });
    return {
      app: world.app.name,
      upSeconds,
      sites,
      objectives,
      acts,
      environment: environment(world.ttlSeconds, place),
    };
  } finally {
    show.end();
    await visitor.stop();
  }
}

function environment(ttlSeconds: number, { truth }: MirrorPlace): DrillResult["environment"] {
  return [
    [
      "Visitor",
      `${ratePerSecond} requests a second, half of them writes; 10 users with a DNS cache each, TTL ${ttlSeconds} s`,
    ],
    [
      "Platforms",
      `Heroku as Understudy's local platform: its API, with real processes, Postgres and Redis behind it. ${truth}`,
    ],
    [
      "Machine",
      `${cpus().length} cores, Node ${process.version.slice(1)}, ${process.platform} ${process.arch}`,
    ],
  ];
}
