import type { Ledger, TrafficChange, Zone } from "../../traffic/contract.ts";
import { type Cast, shortTtlSeconds, underWayMs, until } from "../cast.ts";
import { claimMark, type Plan } from "../journal.ts";
import type { Step, StepContext, StepResult } from "../step.ts";
import type { ReachedSite } from "../world.ts";

/** The ledger while the run holds the zone: still the old side. Each change takes an epoch of its own. */
function claimOf(plan: Plan, epoch = plan.found.epoch + 1): Ledger {
  return { epoch, active: plan.from, by: `${claimMark}${plan.run}` };
}

/** The claim once users have been led ahead. */
function aheadOf(plan: Plan): Ledger {
  return claimOf(plan, plan.found.epoch + 2);
}

function ledgerOf(plan: Plan): Ledger {
  return { epoch: plan.epoch, active: plan.to, by: plan.run };
}

function shortTtlOf(plan: Plan): number {
  return Math.min(shortTtlSeconds, plan.foundTtlSeconds);
}

function targetText({ target }: ReachedSite): string {
  return `${target.type} ${target.values.join(", ")}`;
}

function same(a: Ledger | undefined, b: Ledger): boolean {
  return a !== undefined && a.epoch === b.epoch && a.active === b.active && a.by === b.by;
}

/** Makes a change of the zone, unless it has been made. */
async function change(
  { world, signal }: StepContext,
  made: TrafficChange,
  detail: string,
): Promise<StepResult> {
  const { ledger } = await world.zone.read({ signal });
  if (same(ledger, made.ledger)) return { outcome: "already", detail };
  await world.zone.change(made, { signal });
  return { outcome: "done", detail };
}

export function claim(cast: Cast): Step {
  const { from, plan } = cast;
  return {
    name: "claim",
    title: `Claim epoch ${plan.found.epoch + 1} and shorten the records' life to ${shortTtlOf(plan)} s`,
    act: (context) =>
      change(
        context,
        {
          expect: plan.found,
          ledger: claimOf(plan),
          target: from.target,
          ttlSeconds: shortTtlOf(plan),
        },
        `epoch ${plan.found.epoch + 1} is ours`,
      ),
    undo: giveBack(cast),
  };
}

/** The zone as it was found, under the next epoch. */
function giveBack({ from, plan }: Cast): NonNullable<Step["undo"]> {
  return async ({ world, signal }) => {
    const { ledger } = await world.zone.read({ signal });
    // Nobody's claim, or one that was given back before: there is nothing of ours in the zone.
    if (ledger === undefined || ledger.by !== claimOf(plan).by) return;
    await world.zone.change(
      {
        expect: ledger,
        ledger: { epoch: ledger.epoch + 1, active: plan.from, by: `${plan.run}-undone` },
        target: from.target,
        ttlSeconds: plan.foundTtlSeconds,
      },
      { signal },
    );
  };
}

export function waitForShortTtl({ plan }: Cast): Step {
  return {
    name: "wait-ttl",
    title: `Wait ${plan.foundTtlSeconds} s until resolvers have the short-lived records`,
    async act({ world, signal }) {
      await world.clock.sleep(plan.foundTtlSeconds * 1000, signal);
      return { outcome: "done", detail: `${plan.foundTtlSeconds} s` };
    },
  };
}

export function moveTraffic({ world, plan, to }: Cast): Step {
  return {
    name: "traffic",
    title: `Lead users to ${to.name}: ${targetText(to)}`,
    commits: true,
    act: (context) =>
      change(
        context,
        {
          expect: claimOf(plan, plan.epoch - 1),
          ledger: ledgerOf(plan),
          target: to.target,
          ttlSeconds: world.ttlSeconds,
        },
        `epoch ${plan.epoch}, active ${plan.to}`,
      ),
  };
}

/** Before the data moves: the ledger keeps the claim, so that the old side still is the active one. */
export function leadAhead(cast: Cast): Step {
  const { plan, to } = cast;
  return {
    name: "traffic",
    title: `Lead users to ${to.name}, whose writers wait: ${targetText(to)}`,
    act: (context) =>
      change(
        context,
        { expect: claimOf(plan), ledger: aheadOf(plan), target: to.target, ttlSeconds: shortTtlOf(plan) },
        `users go to ${plan.to}`,
      ),
    undo: giveBack(cast),
  };
}

/** Until no more of the old side's users are under way to it. */
export function settle({ plan, from, to }: Cast): Step {
  return {
    name: "settle",
    title: `Ask every authoritative server, and let ${from.name} finish what it has`,
    async act(context) {
      const detail = await untilServed(context, { ledger: aheadOf(plan), target: to.target });
      await context.world.clock.sleep(shortTtlOf(plan) * 1000 + underWayMs, context.signal);
      return { outcome: "done", detail };
    },
  };
}

/** The same change as {@link moveTraffic}, where users were led ahead. */
export function declare(cast: Cast): Step {
  const title = `Write ${cast.to.name} into the ledger, under epoch ${cast.plan.epoch}`;
  return { ...moveTraffic(cast), name: "declare", title };
}

export function verify({ plan, to }: Cast): Step {
  return {
    name: "verify",
    title: "Ask every authoritative server",
    async act(context) {
      return {
        outcome: "done",
        detail: await untilServed(context, { ledger: ledgerOf(plan), target: to.target }),
      };
    },
  };
}

/** Until every authoritative server answers so. */
function untilServed(context: StepContext, expected: Parameters<Zone["verify"]>[0]): Promise<string> {
  return until(context, async () => {
    const answers = await context.world.zone.verify(expected, { signal: context.signal });
    // A server that gives no answer can't mislead anybody; one that answers with the old records does.
    const wrong = answers.filter((answer) => !answer.ok && answer.answered !== false);
    const shown = answers.map((answer) => `${answer.server}: ${answer.detail}`);
    return { ok: wrong.length === 0 && answers.some((answer) => answer.ok), detail: shown.join("; ") };
  });
}
