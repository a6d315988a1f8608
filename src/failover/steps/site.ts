import { countsFor } from "../../app/roles.ts";
import type { CallOptions } from "../../platform/contract.ts";
import { type Cast, patience, shortTtlSeconds, until } from "../cast.ts";
import type { Step } from "../step.ts";
import type { ReachedSite, World } from "../world.ts";

type Counts = Readonly<Record<string, number>>;

/** What users meet runs at a standby too, in a smaller number perhaps; the rest (workers, the schedule) at the active site alone. */
interface Part {
  readonly active: Counts;
  readonly standby: Counts;
}

/** The processes whose number depends on the role, in two parts. */
function parts({ app }: World): { readonly front: Part; readonly rest: Part } {
  const active = countsFor(app, "active");
  const standby = countsFor(app, "standby");
  const changed = Object.keys(active).filter((name) => active[name] !== standby[name]);
  const part = (names: readonly string[]): Part => {
    const pick = (counts: Counts) => Object.fromEntries(names.map((name) => [name, counts[name] ?? 0]));
    return { active: pick(active), standby: pick(standby) };
  };
  const isFront = (name: string) => (standby[name] ?? 0) > 0;
  return { front: part(changed.filter(isFront)), rest: part(changed.filter((name) => !isFront(name))) };
}

/** What users meet of the new side: it answers before they come, and in its full number. */
export function open({ world, to }: Cast): Step {
  const { front } = parts(world);
  return {
    name: "open",
    title: `Open ${to.name}`,
    async act({ signal }) {
      const { maintenance } = await to.control.observe({ signal });
      await Promise.all([
        maintenance ? to.control.maintenance(false, { signal }) : undefined,
        scale(to, front.active, { signal }),
      ]);
      return { outcome: "done", detail: maintenance ? "maintenance off" : "open", data: { maintenance } };
    },
    async undo({ dataOf, signal }) {
      await Promise.all([
        dataOf("open")?.maintenance === true ? to.control.maintenance(true, { signal }) : undefined,
        scale(to, front.standby, { signal }),
      ]);
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

export function quiesce({ world, plan, from }: Cast): Step {
  const { rest } = parts(world);
  const names = listOf(world, from, rest);
  return {
    name: "quiesce",
    title: names === "" ? `Nothing to stop at ${from.name}` : `Stop ${names} at ${from.name}`,
    bestEffort: plan.mode === "ungraceful",
    async act({ signal }) {
      await Promise.all([
        setSchedule(world, from, false, patience(plan, signal)),
        scale(from, rest.standby, patience(plan, signal)),
      ]);
      return { outcome: "done", detail: names === "" ? "nothing to stop" : `${names} stopped` };
    },
    async undo({ signal }) {
      await Promise.all([setSchedule(world, from, true, { signal }), scale(from, rest.active, { signal })]);
    },
  };
}

export function start({ world, to }: Cast): Step {
  const { rest } = parts(world);
  const names = listOf(world, to, rest);
  return {
    name: "start",
    title: names === "" ? `Nothing to start at ${to.name}` : `Start ${names} at ${to.name}`,
    async act({ signal }) {
      await Promise.all([setSchedule(world, to, true, { signal }), scale(to, rest.active, { signal })]);
      return { outcome: "done", detail: names === "" ? "nothing to start" : `${names} started` };
    },
  };
}

export function retire({ world, plan, from }: Cast): Step {
  const { front } = parts(world);
  return {
    name: "retire",
    title: `Show latecomers at ${from.name} its maintenance page`,
    bestEffort: true,
    async act({ signal }) {
      // Until their records run out, users of the old side still read there; only then does the page stand in their way.
      if (plan.mode === "graceful") await world.clock.sleep((shortTtlSeconds + 1) * 1000, signal);
      await from.control.maintenance(true, patience(plan, signal));
      await scale(from, front.standby, patience(plan, signal));
      return { outcome: "done", detail: "maintenance on" };
    },
  };
}

async function scale({ control }: ReachedSite, counts: Counts, options: CallOptions): Promise<void> {
  if (Object.keys(counts).length > 0) await control.scale(counts, options);
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
function listOf(world: World, site: ReachedSite, rest: Part): string {
  return [...Object.keys(rest.active), ...(hasSchedule(world, site) ? ["the schedule"] : [])].join(", ");
}
