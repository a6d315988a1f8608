import type { Ledger } from "../../traffic/contract.ts";
import { type Cast, shortTtlSeconds, until } from "../cast.ts";
import { claimMark, type Plan } from "../journal.ts";
import type { Step } from "../step.ts";

/** The ledger while the run holds the zone: still the old side, under the next epoch. */
function claimOf(plan: Plan): Ledger {
  return { epoch: plan.found.epoch + 1, active: plan.from, by: `${claimMark}${plan.run}` };
}

function ledgerOf(plan: Plan): Ledger {
  return { epoch: plan.epoch, active: plan.to, by: plan.run };
}

function same(a: Ledger | undefined, b: Ledger): boolean {
  return a !== undefined && a.epoch === b.epoch && a.active === b.active && a.by === b.by;
}

export function claim({ from, plan }: Cast): Step {
  return {
    name: "claim",
    title: `Claim epoch ${plan.found.epoch + 1} and shorten the records' life to ${shortTtlSeconds} s`,
    async act({ world, signal }) {
      const { ledger } = await world.zone.read({ signal });
      if (same(ledger, claimOf(plan))) return { outcome: "already", detail: "claimed" };
      await world.zone.change(
        {
          expect: plan.found,
          ledger: claimOf(plan),
          target: from.target,
          ttlSeconds: Math.min(shortTtlSeconds, plan.foundTtlSeconds),
        },
        { signal },
      );
      return { outcome: "done", detail: `epoch ${plan.found.epoch + 1} is ours` };
    },
    async undo({ world, signal }) {
      const { ledger } = await world.zone.read({ signal });
      // Nobody's claim, or one that was given back before: there is nothing of ours in the zone.
      if (!same(ledger, claimOf(plan))) return;
      await world.zone.change(
        {
          expect: claimOf(plan),
          ledger: { epoch: plan.epoch, active: plan.from, by: `${plan.run}-undone` },
          target: from.target,
          ttlSeconds: plan.foundTtlSeconds,
        },
        { signal },
      );
    },
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
    title: `Lead users to ${to.name}: ${to.target.type} ${to.target.values.join(", ")}`,
    commits: true,
    async act({ signal }) {
      const { ledger } = await world.zone.read({ signal });
      if (same(ledger, ledgerOf(plan))) return { outcome: "already", detail: "moved" };
      await world.zone.change(
        { expect: claimOf(plan), ledger: ledgerOf(plan), target: to.target, ttlSeconds: world.ttlSeconds },
        { signal },
      );
      return { outcome: "done", detail: `epoch ${plan.epoch}, active ${plan.to}` };
    },
  };
}

export function verify({ world, plan, to }: Cast): Step {
  return {
    name: "verify",
    title: "Ask every authoritative server",
    async act(context) {
      const expected = { ledger: ledgerOf(plan), target: to.target };
      const detail = await until(context, async () => {
        const answers = await world.zone.verify(expected, { signal: context.signal });
        // A server that gives no answer can't mislead anybody; one that answers with the old records does.
        const wrong = answers.filter((answer) => !answer.ok && answer.answered !== false);
        const shown = answers.map((answer) => `${answer.server}: ${answer.detail}`);
        return { ok: wrong.length === 0 && answers.some((answer) => answer.ok), detail: shown.join("; ") };
      });
      return { outcome: "done", detail };
    },
  };
}
