import { countsFor } from "../../app/roles.ts";
import type { CallOptions } from "../../platform/contract.ts";
import { type Cast, patience, shortTtlSeconds, until } from "../cast.ts";
import type { Step, StepResult } from "../step.ts";
import type { ReachedSite, World } from "../world.ts";

export function quiesce({ world, plan, from }: Cast): Step {
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

export function start({ world, to }: Cast): Step {
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

export function health({ to }: Cast): Step {
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

export function retire({ plan, from }: Cast): Step {
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

/** Processes whose count depends on the role, with the count that they have in this one. */
function changedCounts({ app }: World, role: "active" | "standby"): Readonly<Record<string, number>> {
  const active = countsFor(app, "active");
  const standby = countsFor(app, "standby");
  const counts = role === "active" ? active : standby;
  return Object.fromEntries(Object.entries(counts).filter(([name]) => active[name] !== standby[name]));
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
