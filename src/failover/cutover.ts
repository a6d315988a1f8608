import { randomUUID } from "node:crypto";
import { RefusedError, UnderstudyError } from "../base/errors.ts";
import { canHold } from "./cast.ts";
import { type Journal, type Mode, openJournal, type Plan, unfinishedRun } from "./journal.ts";
import { declaredLoss, judge, type Objection } from "./rules.ts";
import { runbook } from "./runbook.ts";
import { observe, type Situation } from "./situation.ts";
import type { Step } from "./step.ts";
import { type WalkEvent, walk } from "./walk.ts";
import { siteNamed, type World } from "./world.ts";

export interface CutoverOptions {
  readonly to: string;
  readonly mode: Mode;
  /** Folder of the journals. */
  readonly folder: string;
  /** Names of rules whose refusal is overridden. */
  readonly overrides?: readonly string[];
  /** Asked before what can't be taken back; told what would be lost. */
  readonly consent: (objections: readonly Objection[]) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: WalkEvent) => void;
}

/** A cutover that is allowed, and what it would do. */
export interface Prepared {
  readonly plan: Plan;
  readonly steps: readonly Step[];
  readonly situation: Situation;
  readonly objections: readonly Objection[];
}

/** How long a part may take to answer before its silence is a reason to refuse. */
const patientMs = 10_000;

/** Observes, judges, and plans; changes nothing. Throws RefusedError with every objection that isn't overridden. */
export async function prepare(
  world: World,
  { to, mode, overrides = [] }: Pick<CutoverOptions, "to" | "mode" | "overrides">,
): Promise<Prepared> {
  siteNamed(world.sites, to);
  const look = async (answerMs?: number) => {
    const situation = await observe(world, answerMs);
    const objections = judge(world.app, situation, { mode, to });
    const standing = objections.filter(
      ({ kind, rule }) => kind === "forbids" || (kind === "refuses" && !overrides.includes(rule)),
    );
    return { situation, objections, standing };
  };
  let seen = await look();
  // What is merely slow for a moment is no reason to refuse.
  if (seen.standing.length > 0) seen = await look(patientMs);
  const { situation, objections, standing } = seen;
  const [first] = standing;
  const traffic = situation.traffic.ok ? situation.traffic.value : undefined;
  if (first !== undefined || traffic?.ledger === undefined) {
    throw new RefusedError(standing.map((objection) => objection.seen).join("\n"), {
      code: "cutover-refused",
      rule: first?.rule ?? "ledger-readable",
      suggestion: standing.map((objection) => objection.suggestion).join("\n  "),
    });
  }
  const links = situation.links.flatMap((link) => (link.ok ? [link.value] : []));
  const { ledger } = traffic;
  // The claim, users led ahead where that can be, and the new side made active.
  const changes = mode === "graceful" && canHold(world.links(ledger.active, to)) ? 3 : 2;
  const plan: Plan = {
    run: `${new Date(situation.at).toISOString().replaceAll(/[:.]/g, "-")}-${randomUUID().slice(0, 8)}`,
    mode,
    from: ledger.active,
    to,
    found: ledger,
    epoch: ledger.epoch + changes,
    foundTtlSeconds: traffic.ttlSeconds ?? world.ttlSeconds,
    declaredLoss: mode === "graceful" ? 0 : declaredLoss(links, situation.at),
  };
  return { plan, steps: runbook(world, plan), situation, objections };
}

/** Makes `to` the active site. Gives the journal's path and plan; a failure says whether the run was taken back or can be resumed. */
export async function cutover(world: World, options: CutoverOptions): Promise<Journal> {
  const unfinished = await unfinishedRun(options.folder);
  if (unfinished !== undefined) {
    throw new RefusedError(`The run ${unfinished.run} to '${unfinished.to}' has not ended.`, {
      code: "run-unfinished",
      rule: "one-run-at-a-time",
      path: options.folder,
      suggestion: "Go on with it: understudy cutover --resume",
    });
  }
  const { plan, objections } = await prepare(world, options);
  const asking = objections.filter((objection) => objection.kind === "asks");
  if (asking.length > 0 && !(await options.consent(asking))) {
    throw new RefusedError(asking.map((objection) => objection.seen).join("\n"), {
      code: "no-consent",
      rule: asking[0]?.rule ?? "consent",
      suggestion: asking.map((objection) => objection.suggestion).join("\n  "),
    });
  }
  const journal = await openJournal(options.folder, plan.run);
  try {
    await journal.append({ type: "start", at: world.clock.now(), plan });
    await walk({ ...options, world, plan, steps: runbook(world, plan), journal });
    return journal;
  } finally {
    await journal.close();
  }
}

/** Goes on with the run that was cut off, from what its journal says and what is there now. */
export async function resume(
  world: World,
  options: Pick<CutoverOptions, "folder" | "signal" | "onEvent">,
): Promise<Journal> {
  const plan = await unfinishedRun(options.folder);
  if (plan === undefined) {
    throw new UnderstudyError("There is no run to resume.", {
      code: "no-unfinished-run",
      path: options.folder,
      suggestion: "Start one: understudy cutover --to SITE",
    });
  }
  const journal = await openJournal(options.folder, plan.run);
  try {
    await walk({ ...options, world, plan, steps: runbook(world, plan), journal });
    return journal;
  } finally {
    await journal.close();
  }
}
