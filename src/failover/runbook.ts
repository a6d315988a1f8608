import { UnderstudyError } from "../base/errors.ts";
import { type Cast, canHold } from "./cast.ts";
import type { Plan } from "./journal.ts";
import { beside, type Step } from "./step.ts";
import { drain, fence, hold, promote, turnAround } from "./steps/data.ts";
import { health, open, quiesce, retire, start } from "./steps/site.ts";
import { claim, declare, leadAhead, moveTraffic, settle, verify, waitForShortTtl } from "./steps/zone.ts";
import { siteNamed, type World } from "./world.ts";

/**
 * The ordered steps of a cutover. What its kinds share is the same step.
 *
 * A graceful one leads users to a new side that answers already. Where the data can hold writers, users come first: those
 * at the old side end well there, those at the new side wait until it is promoted, and none is refused. Where it can't, the
 * data goes first, and who writes in between is refused. An ungraceful one waits for nobody's resolvers, passes over what
 * the lost side doesn't answer, and promotes before it asks the new side for anything else.
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
  const cast: Cast = { world, plan, from, to, links, holds: new Map() };
  const ahead = links.length === 0 ? [] : [drain(cast), promote(cast)];
  const end = [...(links.length === 0 ? [] : [turnAround(cast)]), retire(cast)];
  if (plan.mode === "ungraceful") {
    const move = [open(cast), start(cast), health(cast), moveTraffic(cast), verify(cast)];
    const stop = links.length === 0 ? quiesce(cast) : beside(quiesce(cast), fence(cast));
    return [claim(cast), stop, ...ahead, ...move, ...end];
  }
  const data = links.length === 0 ? [] : [fence(cast), ...ahead];
  const move = canHold(links)
    ? [hold(cast), leadAhead(cast), settle(cast), ...data, declare(cast), verify(cast)]
    : [...data, moveTraffic(cast), verify(cast)];
  const ready = [claim(cast), waitForShortTtl(cast), open(cast), health(cast), quiesce(cast)];
  return [...ready, ...move, start(cast), ...end];
}
