import type { Latency, Outage } from "./measure.ts";

/** All that a drill found; what the report, the summary and the JSON are made of. Times are milliseconds since 1970. */
export interface DrillResult {
  readonly app: string;
  /** What brought the sites up: `offline` or `pulumi`. */
  readonly engine: string;
  readonly startedAt: number;
  readonly wallSeconds: number;
  /** How long it took to bring both sites up. */
  readonly upSeconds: number;
  readonly sites: { readonly primary: DrilledSite; readonly mirror: DrilledSite };
  readonly objectives: { readonly rtoSeconds: number; readonly rpoSeconds: number };
  /** Things worth knowing about where it ran, as name and value. */
  readonly environment: readonly (readonly [string, string])[];
  readonly acts: readonly ActResult[];
}

export interface DrilledSite {
  readonly name: string;
  /** As in commands, e.g. `heroku`. */
  readonly platform: string;
  /** As people read it, e.g. `Heroku`. */
  readonly title: string;
}

export const actNames = ["graceful", "failback", "ungraceful"] as const;
export type ActName = (typeof actNames)[number];

export interface ActResult {
  readonly name: ActName;
  /** Names of sites. */
  readonly from: string;
  readonly to: string;
  readonly startAt: number;
  readonly endAt: number;
  /** When something was broken on purpose. */
  readonly outageAt?: number;
  readonly decisionAt: number;
  /** When the zone led users to the new side. */
  readonly dnsAt: number;
  readonly steps: readonly StepTiming[];
  readonly buckets: readonly Bucket[];
  readonly measure: ActMeasure;
  readonly notes: readonly string[];
}

/** One step of the runbook, from the journal. */
export interface StepTiming {
  readonly name: string;
  readonly title: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** e.g. `done`, `already`, `unreachable`. */
  readonly outcome: string;
  readonly detail?: string;
}

/** What was sent in about a quarter of a second. */
export interface Bucket {
  readonly at: number;
  /** Good requests by the site that answered. */
  readonly good: Readonly<Record<string, number>>;
  readonly failed: number;
  /** Milliseconds, of the good ones. */
  readonly p95: number | undefined;
}

export interface ActMeasure {
  readonly requests: number;
  readonly failedRequests: number;
  readonly ackedWrites: number;
  readonly lostWrites: number;
  readonly unexplainedWrites: number;
  readonly outages: readonly Outage[];
  /** Undefined = it did not recover while the drill watched. */
  readonly rtoSeconds: number | undefined;
  /** Age of the oldest lost write at the outage; 0 when none was lost. */
  readonly rpoSeconds: number;
  readonly decisionToDnsMs: number;
  /** Most writes that the cutover said might be lost, before it went on. */
  readonly declaredLoss?: number;
  readonly latency: Latency | undefined;
}

/** Why an act missed what was promised; empty = it kept it. */
export function failuresOf(act: ActResult, objectives: DrillResult["objectives"]): readonly string[] {
  const { rtoSeconds, rpoSeconds, lostWrites, unexplainedWrites, declaredLoss = 0 } = act.measure;
  return [
    ...(unexplainedWrites > 0 ? [`${unexplainedWrites} acknowledged writes could not be accounted for`] : []),
    ...(lostWrites > declaredLoss
      ? [`${lostWrites} acknowledged writes were lost, ${declaredLoss} were declared`]
      : []),
    ...(rpoSeconds > objectives.rpoSeconds
      ? [`${rpoSeconds.toFixed(1)} s of writes were lost, the objective is ${objectives.rpoSeconds} s`]
      : []),
    ...(rtoSeconds === undefined ? ["requests did not recover while the drill watched"] : []),
    ...(rtoSeconds !== undefined && rtoSeconds > objectives.rtoSeconds
      ? [`recovery took ${rtoSeconds.toFixed(1)} s, the objective is ${objectives.rtoSeconds} s`]
      : []),
  ];
}

/** One act, as `script/demo --json` prints it. `rtoSeconds` is null when it did not recover. */
interface DemoAct {
  readonly rtoSeconds: number | null;
  readonly failedRequests: number;
  readonly requests: number;
  readonly ackedWrites: number;
  readonly lostWrites: number;
  readonly unexplainedWrites: number;
  readonly decisionToDnsMs: number;
  readonly declaredLoss?: number;
}

/** The one object that `script/demo --json` prints. An act that did not take place is left out. */
export interface DemoJson extends Partial<Readonly<Record<ActName, DemoAct>>> {
  readonly engine: string;
  readonly primary: string;
  readonly mirror: string;
  readonly upSeconds: number;
  readonly wallSeconds: number;
}

export function toDemoJson(result: DrillResult): DemoJson {
  const acts = result.acts.map((act) => [act.name, demoAct(act)] as const);
  return {
    engine: result.engine,
    primary: result.sites.primary.platform,
    mirror: result.sites.mirror.platform,
    upSeconds: round(result.upSeconds),
    ...Object.fromEntries(acts),
    wallSeconds: round(result.wallSeconds),
  };
}

function demoAct({ name, measure }: ActResult): DemoAct {
  return {
    rtoSeconds: measure.rtoSeconds === undefined ? null : round(measure.rtoSeconds),
    failedRequests: measure.failedRequests,
    requests: measure.requests,
    ackedWrites: measure.ackedWrites,
    lostWrites: measure.lostWrites,
    unexplainedWrites: measure.unexplainedWrites,
    decisionToDnsMs: Math.round(measure.decisionToDnsMs),
    ...(name === "ungraceful" ? { declaredLoss: measure.declaredLoss ?? 0 } : {}),
  };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
