import { countsFor } from "../app/roles.ts";
import { RetryableError, UnderstudyError } from "../base/errors.ts";
import type { Link } from "../data/contract.ts";
import type { CallOptions } from "../platform/contract.ts";
import type { Ledger } from "../traffic/contract.ts";
import { claimMark, type Plan } from "./journal.ts";
import type { Step, StepContext, StepResult } from "./step.ts";
import { type ReachedSite, siteNamed, type World } from "./world.ts";

/** While a run is under way the records live this long, so that users follow the change at once. Seconds. */
const shortTtlSeconds = 1;
/** How long the old side may take to answer when it is thought lost. */
const lostSideMs = 2_000;
/** How long the new side may take to become healthy, and the DNS servers to agree. */
const patienceMs = 60_000;
const pollMs = 100;

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

/** Calls until it is content, or the patience ends. */
async function until(
  { world, signal }: StepContext,
  what: () => Promise<{ readonly ok: boolean; readonly detail: string }>,
): Promise<string> {
  const deadline = world.clock.monotonic() + patienceMs;
  for (;;) {
    const { ok, detail } = await what();
    if (ok) return detail;
    if (world.clock.monotonic() >= deadline) {
      throw new RetryableError(`Still not so after ${patienceMs / 1000} s: ${detail}`, {
        code: "not-in-time",
      });
    }
    await world.clock.sleep(pollMs, signal);
  }
}

interface Cast {
  readonly world: World;
  readonly plan: Plan;
  readonly from: ReachedSite;
  readonly to: ReachedSite;
  readonly links: readonly Link[];
}

function claim({ from, plan }: Cast): Step {
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

function waitForShortTtl({ plan }: Cast): Step {
  return {
    name: "wait-ttl",
    title: `Wait ${plan.foundTtlSeconds} s until resolvers have the short-lived records`,
    async act({ world, signal }) {
      await world.clock.sleep(plan.foundTtlSeconds * 1000, signal);
      return { outcome: "done", detail: `${plan.foundTtlSeconds} s` };
    },
  };
}

function quiesce({ world, plan, from }: Cast): Step {
  const resting = changedCounts(world, "standby");
  const working = changedCounts(world, "active");
  const names = stoppable(world, from, resting);
  return {
    name: "quiesce",
    title: names === "" ? `Nothing to stop at ${from.name}` : `Stop ${names} at ${from.name}`,
    bestEffort: plan.mode === "ungraceful",
    async act({ signal }) {
      await Promise.all([
        setSchedule(world, from, false, patience(plan, signal)),
        from.control.scale(resting, patience(plan, signal)),
      ]);
      return { outcome: "done", detail: names === "" ? "nothing to stop" : `${names} stopped` };
    },
    async undo({ signal }) {
      await Promise.all([
        setSchedule(world, from, true, { signal }),
        from.control.scale(working, { signal }),
      ]);
    },
  };
}

/** Where the platform has no schedule of its own, jobs run from outside and follow the ledger by themselves. */
function hasSchedule({ app }: World, { control }: ReachedSite): boolean {
  return control.schedule !== undefined && Object.keys(app.schedule).length > 0;
}

async function setSchedule(
  world: World,
  site: ReachedSite,
  on: boolean,
  options: CallOptions,
): Promise<void> {
  if (hasSchedule(world, site)) await site.control.schedule?.(on, options);
}

/** What of a site rests where it is on standby, as people read it. */
function stoppable(world: World, site: ReachedSite, counts: Readonly<Record<string, number>>): string {
  return [...Object.keys(counts), ...(hasSchedule(world, site) ? ["the schedule"] : [])].join(", ");
}

/** Processes whose count depends on the role, with the count that they have in this one. */
function changedCounts({ app }: World, role: "active" | "standby"): Readonly<Record<string, number>> {
  const active = countsFor(app, "active");
  const standby = countsFor(app, "standby");
  const counts = role === "active" ? active : standby;
  return Object.fromEntries(Object.entries(counts).filter(([name]) => active[name] !== standby[name]));
}

function patience(plan: Plan, signal: AbortSignal): { signal: AbortSignal; timeoutMs?: number } {
  return plan.mode === "graceful" ? { signal } : { signal, timeoutMs: lostSideMs };
}

function fence({ plan, from, links }: Cast): Step {
  return {
    name: "fence",
    title: `Make ${list(links)} of ${from.name} read-only`,
    bestEffort: plan.mode === "ungraceful",
    async act({ signal }) {
      const positions: Record<string, string> = {};
      await Promise.all(
        links.map(async (link) => {
          positions[link.service] = await link.fence(plan.epoch, patience(plan, signal));
        }),
      );
      return { outcome: "done", detail: `${list(links)} fenced`, data: { positions } };
    },
    async undo({ signal }) {
      await Promise.all(links.map((link) => link.unfence(plan.epoch, { signal })));
    },
  };
}

function drain({ plan, to, links }: Cast): Step {
  return {
    name: "drain",
    title: `Bring ${to.name} up to the fenced position`,
    bestEffort: plan.mode === "ungraceful",
    async act({ dataOf, signal }) {
      const positions = dataOf("fence")?.positions as Readonly<Record<string, string>> | undefined;
      if (positions === undefined) {
        return {
          outcome: "unreachable",
          detail: `the old side has no position; up to ${plan.declaredLoss} changes are lost`,
        };
      }
      await Promise.all(
        links.map(async (link) => {
          const position = positions[link.service];
          if (position !== undefined) await link.drain(position, patience(plan, signal));
        }),
      );
      return { outcome: "done", detail: "nothing is missing" };
    },
  };
}

function promote({ plan, to, links }: Cast): Step {
  return {
    name: "promote",
    title: `Make ${list(links)} of ${to.name} writable`,
    commits: true,
    async act({ signal }) {
      const notes: string[] = [];
      await Promise.all(
        links.map(async (link) => {
          notes.push(...(await link.promote(plan.epoch, { signal })).notes);
        }),
      );
      return { outcome: "done", detail: notes.length === 0 ? `${list(links)} writable` : notes.join("; ") };
    },
  };
}

function start({ world, to }: Cast): Step {
  const working = changedCounts(world, "active");
  const names = stoppable(world, to, working);
  return {
    name: "start",
    title: names === "" ? `Open ${to.name}` : `Open ${to.name} and start ${names}`,
    async act({ signal }): Promise<StepResult> {
      const { maintenance } = await to.control.observe({ signal });
      await Promise.all([
        maintenance ? to.control.maintenance(false, { signal }) : undefined,
        Object.keys(working).length === 0 ? undefined : to.control.scale(working, { signal }),
        setSchedule(world, to, true, { signal }),
      ]);
      return { outcome: "done", detail: maintenance ? "maintenance off" : "open" };
    },
  };
}

function health({ to }: Cast): Step {
  return {
    name: "health",
    title: `Ask ${to.name} itself whether it is well`,
    async act(context) {
      const detail = await until(context, async () => {
        const { healthy, detail } = await to.control.health({ signal: context.signal });
        return { ok: healthy, detail };
      });
      return { outcome: "done", detail };
    },
  };
}

function moveTraffic({ world, plan, to }: Cast): Step {
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

function verify({ world, plan, to }: Cast): Step {
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

/** After a graceful run both sides are equal at the promotion, so the way back begins there, without a copy. */
function turnAround({ world, plan, from, to }: Cast): Step {
  return {
    name: "turn-around",
    title: `Let the data flow back to ${from.name}`,
    bestEffort: true,
    async act({ signal }) {
      const { timeoutMs = patienceMs } = patience(plan, signal);
      const limit = AbortSignal.timeout(timeoutMs);
      const back = world.links(to.name, from.name);
      try {
        await Promise.all(back.map((link) => link.init({ signal: AbortSignal.any([signal, limit]) })));
      } catch (error) {
        if (!limit.aborted || signal.aborted) throw error;
        throw new RetryableError(`The data of '${from.name}' gave no answer within ${timeoutMs / 1000} s.`, {
          code: "no-way-back-yet",
          cause: error,
          suggestion: "When it answers again: understudy link init",
        });
      }
      return { outcome: "done", detail: `${list(back)} of ${from.name} follows ${to.name}` };
    },
  };
}

function retire({ plan, from }: Cast): Step {
  return {
    name: "retire",
    title: `Show latecomers at ${from.name} its maintenance page`,
    bestEffort: true,
    async act({ world, signal }) {
      // Until their records run out, users of the old side still read there; only then does the page stand in their way.
      if (plan.mode === "graceful") await world.clock.sleep((shortTtlSeconds + 1) * 1000, signal);
      await from.control.maintenance(true, patience(plan, signal));
      return { outcome: "done", detail: "maintenance on" };
    },
  };
}

function list(links: readonly Link[]): string {
  return links.map((link) => link.service).join(", ");
}

/**
 * The ordered steps of a cutover. What the two modes share is the same step; an ungraceful one waits for nobody's
 * resolvers and passes over what the lost side doesn't answer.
 */
export function runbook(world: World, plan: Plan): readonly Step[] {
  const from = siteNamed(world.sites, plan.from);
  const to = siteNamed(world.sites, plan.to);
  if (from === to) {
    throw new UnderstudyError(`A cutover from '${plan.from}' to itself makes no sense.`, {
      code: "same-site",
    });
  }
  const links = world.links(plan.from, plan.to);
  const cast: Cast = { world, plan, from, to, links };
  const graceful = plan.mode === "graceful";
  const data = links.length === 0 ? [] : [fence(cast), drain(cast), promote(cast)];
  return [
    claim(cast),
    ...(graceful ? [waitForShortTtl(cast)] : []),
    quiesce(cast),
    ...data,
    start(cast),
    health(cast),
    moveTraffic(cast),
    verify(cast),
    ...(links.length === 0 ? [] : [turnAround(cast)]),
    retire(cast),
  ];
}
