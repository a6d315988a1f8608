import { messageOf, UnderstudyError } from "../base/errors.ts";
import type { LinkStatus } from "../data/contract.ts";
import { cutover } from "../failover/cutover.ts";
import type { Mode } from "../failover/journal.ts";
import { type RunReport, reportOf } from "../failover/report.ts";
import type { Objection } from "../failover/rules.ts";
import type { WalkEvent } from "../failover/walk.ts";
import type { World } from "../failover/world.ts";
import { StubResolver } from "../traffic/resolver.ts";
import { type ActOptions, type ActPhase, type CutoverOutcome, runAct } from "./acts.ts";
import { reconcile } from "./reconcile.ts";
import type { ActName, ActResult, StepTiming } from "./result.ts";
import type { VisitorScript } from "./script.ts";
import type { Visitor } from "./visitor.ts";

export interface ThreeActsOptions {
  readonly world: World;
  readonly visitor: Visitor;
  readonly script: VisitorScript;
  /** What users call the app, the port that they use, and the DNS server that they ask. */
  readonly name: string;
  readonly port: number;
  readonly resolver: string;
  /** Folder of the runs' journals. */
  readonly runs: string;
  /** Loses the home site whole, for the third act. */
  readonly loseHome: () => Promise<void>;
  /** From the loss to the decision: somebody has to notice. @default 2_000 */
  readonly noticeMs?: number;
  readonly onAct?: (name: ActName, from: string, to: string) => void;
  readonly onPhase?: (phase: ActPhase) => void;
  readonly onStep?: (event: WalkEvent) => void;
  readonly onResult?: (result: ActResult) => void;
  readonly signal: AbortSignal;
}

/** How long the standby may take to catch up, how near is near enough, and how often it is asked. */
const readyMs = 60_000;
const readyLagSeconds = 2;
const pollMs = 250;

/** Out to the mirror, back home, and out again when home is lost. Gives what each act found. */
export async function performThreeActs(options: ThreeActsOptions): Promise<readonly ActResult[]> {
  const { world, signal } = options;
  const { home } = world;
  const mirror = Object.keys(world.sites).find((name) => name !== home) ?? home;
  const entrances = await entrancesOf(options);
  const plots = [
    { name: "graceful", from: home, to: mirror },
    { name: "failback", from: mirror, to: home },
    { name: "ungraceful", from: home, to: mirror, outage: () => loseHome(options) },
  ] as const satisfies readonly Pick<ActOptions, "name" | "from" | "to" | "outage">[];

  const results: ActResult[] = [];
  const knownLost = new Set<string>();
  for (const plot of plots) {
    options.onAct?.(plot.name, plot.from, plot.to);
    const last = results.at(-1);
    const mode = plot.name === "ungraceful" ? "ungraceful" : "graceful";
    const act = await runAct({
      ...plot,
      visitor: options.visitor,
      ...(last === undefined ? {} : { startAt: last.endAt }),
      ready: () => linksReady(world, plot.from, plot.to, signal),
      cutover: () => cutOver(options, plot.to, mode),
      ttlSeconds: world.ttlSeconds,
      siteOf: (address) => entrances.get(address),
      reconcile: (writes) =>
        reconcile(writes, {
          script: options.script,
          site: { address: addressOf(entrances, plot.to), port: options.port, host: options.name },
          signal,
        }),
      knownLost,
      ...(options.onPhase === undefined ? {} : { onPhase: options.onPhase }),
      signal,
    });
    for (const { id } of act.lost) if (id !== undefined) knownLost.add(id);
    results.push(act.result);
    options.onResult?.(act.result);
  }
  return results;
}

/** The site behind each address, found as users find it. */
async function entrancesOf({ world, resolver }: ThreeActsOptions): Promise<ReadonlyMap<string, string>> {
  const stub = new StubResolver({ server: resolver });
  const entrances = new Map<string, string>();
  for (const { name, target } of Object.values(world.sites)) {
    for (const value of target.values) {
      const addresses = target.type === "CNAME" ? (await stub.resolve(value)).addresses : [value];
      for (const address of addresses) entrances.set(address, name);
    }
  }
  return entrances;
}

function addressOf(entrances: ReadonlyMap<string, string>, site: string): string {
  const found = [...entrances].find(([, name]) => name === site);
  return found?.[0] ?? "";
}

async function loseHome({
  world,
  loseHome: lose,
  noticeMs = 2_000,
  signal,
}: ThreeActsOptions): Promise<void> {
  await lose();
  await world.clock.sleep(noticeMs, signal);
}

/** A rehearsal starts when the standby has nearly caught up, as on most days it has. */
async function linksReady(world: World, from: string, to: string, signal: AbortSignal): Promise<void> {
  const deadline = world.clock.monotonic() + readyMs;
  for (const link of world.links(from, to)) {
    for (;;) {
      // A status that could not be had is no better than a bad one: it is asked for again.
      const unready = await link.status({ signal }).then(unreadiness, messageOf);
      if (unready === undefined) break;
      signal.throwIfAborted();
      if (world.clock.monotonic() > deadline) {
        throw new UnderstudyError(
          `The data of '${to}' is not ready to take over after ${readyMs / 1000} s: ${unready}.`,
          {
            code: "link-not-ready",
            suggestion: "See understudy link status; is understudy link run going?",
          },
        );
      }
      await world.clock.sleep(pollMs, signal);
    }
  }
}

function unreadiness({ service, state, promotable, lag }: LinkStatus): string | undefined {
  if (state !== "following") return `${service} is ${state}`;
  if (!promotable.ok) return `${service}: ${promotable.reason}`;
  if (lag === undefined) return `the lag of ${service} is unknown`;
  return lag.seconds < readyLagSeconds ? undefined : `${service} is ${lag.seconds.toFixed(1)} s behind`;
}

async function cutOver(options: ThreeActsOptions, to: string, mode: Mode): Promise<CutoverOutcome> {
  const { world, signal, runs } = options;
  const decisionAt = world.clock.now();
  const notes: string[] = [];
  const consent = async (objections: readonly Objection[]) => {
    notes.push(...objections.map((objection) => objection.seen));
    return true;
  };
  const journal = await cutover(world, {
    to,
    mode,
    folder: runs,
    consent,
    signal,
    ...(options.onStep === undefined ? {} : { onEvent: options.onStep }),
  });
  const report = reportOf(journal.entries);
  const steps = report === undefined ? [] : timings(report, decisionAt);
  return {
    decisionAt,
    dnsAt: report?.trafficAt ?? world.clock.now(),
    steps,
    ...(mode === "ungraceful" && report !== undefined ? { declaredLoss: report.declaredLoss } : {}),
    notes,
  };
}

/** The journal's steps, and before them the look around on which the run was allowed. */
function timings(report: RunReport, decisionAt: number): readonly StepTiming[] {
  const looked: StepTiming = {
    name: "observe",
    title: "Look at both sites, the links and the zone, and judge",
    startedAt: decisionAt,
    endedAt: report.startedAt,
    outcome: "done",
  };
  const walked = report.steps.map(
    ({ name, title, startedAt, endedAt, outcome, detail }): StepTiming => ({
      name,
      title,
      startedAt,
      endedAt: endedAt ?? startedAt,
      outcome: outcome ?? "unfinished",
      ...(detail === "" ? {} : { detail }),
    }),
  );
  return [looked, ...walked];
}
