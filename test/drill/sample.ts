import { toBuckets } from "../../src/drill/buckets.ts";
import { measure } from "../../src/drill/measure.ts";
import type { RequestRecord } from "../../src/drill/request.ts";
import type { ActName, ActResult, DrillResult, StepTiming } from "../../src/drill/result.ts";

/** The same numbers on every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const sides = { primary: "127.0.10.1", mirror: "127.0.10.2" } as const;
type Side = keyof typeof sides;

interface Plot {
  readonly name: ActName;
  readonly from: Side;
  readonly to: Side;
  readonly startAt: number;
  /** Seconds after the start. */
  readonly outageAt?: number;
  readonly decisionAt: number;
  readonly steps: readonly (readonly [
    name: string,
    title: string,
    took: number,
    outcome?: string,
    detail?: string,
  ])[];
  readonly failing: readonly [from: number, to: number];
  readonly moves: readonly [from: number, to: number];
  readonly lostWrites: number;
  readonly declaredLoss?: number;
}

function act(plot: Plot): ActResult {
  const next = random(plot.startAt);
  const seconds = 24;
  const requests = Array.from({ length: seconds * 50 }, (_, index): RequestRecord => {
    const after = index / 50;
    const moved = after > plot.moves[0] + next() * (plot.moves[1] - plot.moves[0]);
    const inFailure = after > plot.failing[0] && after < plot.failing[1];
    const failed = inFailure && !moved && (plot.outageAt !== undefined || index % 2 === 0);
    return {
      at: plot.startAt + after * 1000,
      kind: index % 2 === 0 ? "write" : "read",
      ok: !failed,
      outcome: failed ? "503" : "200",
      latencyMs: 5 + next() * 9 + (Math.abs(after - plot.moves[0]) < 1 ? next() * 60 : 0),
      address: sides[moved ? plot.to : plot.from],
      id: String(index),
    };
  });
  const decisionAt = plot.startAt + plot.decisionAt * 1000;
  let at = decisionAt;
  const steps = plot.steps.map(([name, title, took, outcome = "done", detail]): StepTiming => {
    const startedAt = at;
    at += took;
    return { name, title, startedAt, endedAt: at, outcome, ...(detail === undefined ? {} : { detail }) };
  });
  const dnsAt = steps.find((step) => step.name === "traffic")?.endedAt ?? at;
  const span = { startAt: plot.startAt, endAt: plot.startAt + seconds * 1000 };
  return {
    name: plot.name,
    from: plot.from,
    to: plot.to,
    ...span,
    ...(plot.outageAt === undefined ? {} : { outageAt: plot.startAt + plot.outageAt * 1000 }),
    decisionAt,
    dnsAt,
    steps,
    buckets: toBuckets(requests, span, (address) => (address === sides.primary ? "primary" : "mirror")),
    measure: {
      ...measure(requests, span),
      lostWrites: plot.lostWrites,
      unexplainedWrites: 0,
      rpoSeconds: plot.lostWrites === 0 ? 0 : 0.31,
      decisionToDnsMs: dnsAt - decisionAt,
      ...(plot.declaredLoss === undefined ? {} : { declaredLoss: plot.declaredLoss }),
    },
    notes:
      plot.outageAt === undefined
        ? []
        : ["primary could not be fenced: its API and its database did not answer."],
  };
}

const startedAt = Date.UTC(2026, 10, 25, 14, 5);

const gracefulSteps: Plot["steps"] = [
  ["check", "Look at both sites, the links and the zone", 220, "done", "lag 0 changes; target healthy"],
  ["epoch", "Take the next epoch", 14],
  [
    "fence",
    "Stop writes at the old side",
    640,
    "done",
    "maintenance on, 1 worker stopped, database read-only",
  ],
  ["drain", "Bring the last changes over", 130, "done", "12 changes"],
  ["promote", "Make the new side writable", 90, "done", "2 sequences set"],
  ["start", "Start workers at the new side", 480],
  ["health", "Ask the new side whether it is well", 60, "done", "GET / answered 200 in 12 ms"],
  ["traffic", "Change the records", 22],
  ["verify", "Ask every authoritative server", 9, "done", "2 of 2 agree"],
];

/** A drill as it might have gone. */
export const sampleResult: DrillResult = {
  app: "guestbook",
  engine: "offline",
  startedAt,
  wallSeconds: 83.4,
  upSeconds: 21.7,
  sites: {
    primary: { name: "primary", platform: "heroku", title: "Heroku" },
    mirror: { name: "mirror", platform: "cloudfoundry", title: "Cloud Foundry" },
  },
  objectives: { rtoSeconds: 20, rpoSeconds: 5 },
  environment: [
    ["Visitor", "50 requests a second, half of them writes, 10 users, TTL 5 s"],
    ["Machine", "2 cores, Node 24.21.0, PostgreSQL 15.18"],
  ],
  acts: [
    act({
      name: "graceful",
      from: "primary",
      to: "mirror",
      startAt: startedAt,
      decisionAt: 6,
      steps: gracefulSteps,
      failing: [6.3, 12],
      moves: [7.7, 12.6],
      lostWrites: 0,
    }),
    act({
      name: "failback",
      from: "mirror",
      to: "primary",
      startAt: startedAt + 30_000,
      decisionAt: 6,
      steps: gracefulSteps,
      failing: [6.3, 7.6],
      moves: [7.7, 12.6],
      lostWrites: 0,
    }),
    act({
      name: "ungraceful",
      from: "primary",
      to: "mirror",
      startAt: startedAt + 60_000,
      outageAt: 5,
      decisionAt: 7,
      steps: [
        ["check", "Look at both sites, the links and the zone", 2_050, "done", "primary does not answer"],
        ["epoch", "Take the next epoch", 14],
        [
          "fence",
          "Stop writes at the old side",
          1_010,
          "unreachable",
          "neither its API nor its database answered",
        ],
        ...gracefulSteps.slice(4),
      ],
      failing: [5, 20],
      moves: [11.2, 16],
      lostWrites: 3,
      declaredLoss: 11,
    }),
  ],
};
