import { endSessions, setReadOnly } from "../fence.ts";
import type { Ends } from "../pool.ts";
import { covers } from "../position.ts";
import { type Progress, readProgress } from "../progress.ts";
import { sql } from "../sql.ts";
import { readState, type SiteState } from "../state.ts";

/** How the two ends stand to each other. */
export type Roles =
  | { readonly kind: "follow"; readonly state: SiteState; readonly progress: Progress }
  | { readonly kind: "turn-around"; readonly state: SiteState }
  | { readonly kind: "fence-target"; readonly epoch: number; readonly reason: string }
  | { readonly kind: "absent" | "elsewhere"; readonly reason: string };

/** Judges the roles of both ends. Reads, and changes nothing. */
export async function rolesOf({ source, target }: Ends): Promise<Roles> {
  const [from, to] = await Promise.all([readState(source), readState(target)]);
  if (from === undefined || to === undefined) {
    const site = from === undefined ? source.site : target.site;
    return { kind: "absent", reason: `the database of ${site} has nothing of the link yet` };
  }
  if (from.role === "standby") return { kind: "elsewhere", reason: `${source.site} is a standby itself` };
  if (to.role === "active" && to.epoch < from.epoch) {
    const reason = `${target.site} is still active under epoch ${to.epoch}, which is over`;
    return { kind: "fence-target", epoch: from.epoch, reason };
  }
  if (to.role === "active") {
    return { kind: "elsewhere", reason: `${target.site} is active since epoch ${to.epoch}` };
  }
  if (to.role === "fenced") {
    const leads = from.epoch >= to.epoch && from.promoted_from === to.id && from.promoted_with !== null;
    // What was written there after the last dump was never seen here; replacing it unasked would destroy it.
    const isWhole = leads && to.fenced_at !== null && covers(from.promoted_with ?? "", to.fenced_at);
    if (isWhole) return { kind: "turn-around", state: from };
    return {
      kind: "absent",
      reason: `${target.site} may hold writes that never reached ${source.site} and must be reseeded`,
    };
  }
  const progress = await readProgress(target, from.id);
  return progress === undefined
    ? { kind: "absent", reason: `${target.site} has never followed ${source.site}` }
    : { kind: "follow", state: from, progress };
}

/** Makes the target a standby of this source: nothing of what it has is kept by the next copy. */
export async function seed({ target }: Ends, state: SiteState, site: string): Promise<void> {
  await target.run(
    sql`BEGIN`,
    sql`DELETE FROM understudy.progress`,
    sql`UPDATE understudy.state SET role = 'standby', epoch = greatest(epoch, ${state.epoch})`,
    sql`SELECT setval('understudy.gate', 0)`,
    sql`INSERT INTO understudy.progress (source, site, stage) VALUES (${state.id}, ${site}, 'follow')`,
    sql`COMMIT`,
  );
  await setReadOnly(target, true);
  await endSessions(target);
}
