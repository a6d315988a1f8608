import { UnderstudyError } from "../base/errors.ts";
import type { Cast } from "./cast.ts";
import type { Plan } from "./journal.ts";
import type { Step } from "./step.ts";
import { drain, fence, promote, turnAround } from "./steps/data.ts";
import { health, quiesce, retire, start } from "./steps/site.ts";
import { claim, moveTraffic, verify, waitForShortTtl } from "./steps/zone.ts";
import { siteNamed, type World } from "./world.ts";

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
