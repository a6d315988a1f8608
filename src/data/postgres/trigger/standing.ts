import type { Progress } from "../progress.ts";
import type { Session } from "../session.ts";
import type { SiteState } from "../state.ts";
import { reachesBack } from "./log.ts";
import type { EndView, TargetView } from "./view.ts";
import { type Lost, lostChanges } from "./way-back.ts";

/** Nothing may be done: not initialised, or the roles of the ends are not those of this direction. */
export interface Apart {
  readonly kind: "absent" | "elsewhere";
  readonly reason: string;
  readonly lost?: readonly Lost[];
}

/** How the ends stand to each other, before anything is done about it. */
export type Standing =
  | Apart
  | { readonly kind: "fence-target"; readonly epoch: number }
  | { readonly kind: "turn-around" }
  | { readonly kind: "follow"; readonly target: SiteState; readonly progress: Progress };

/** Judges the roles of both ends. Reads, and changes nothing. */
export async function standing(
  ends: { readonly source: { readonly site: string }; readonly target: Session },
  source: EndView,
  target: TargetView,
): Promise<Standing> {
  const names = { from: ends.source.site, to: ends.target.site };
  if (source.state === undefined || target.state === undefined) {
    const where = source.state === undefined ? names.from : names.to;
    return { kind: "absent", reason: `the database of ${where} has nothing of the link yet` };
  }
  const [from, to] = [source.state, target.state];
  if (from.role === "standby") return { kind: "elsewhere", reason: `${names.from} is a standby itself` };
  // Of two sites that were promoted from each other, the one promoted last leads.
  const leads = from.promoted_from === to.id && (from.promoted_epoch ?? -1) > (to.promoted_epoch ?? -1);
  if (to.role === "active") {
    if (to.epoch < from.epoch && (from.role === "active" || leads))
      return { kind: "fence-target", epoch: from.epoch };
    return { kind: "elsewhere", reason: `${names.to} is active since epoch ${to.epoch}` };
  }
  if (to.role === "fenced") {
    if (!leads || from.epoch < to.epoch || from.promoted_with === null) {
      return { kind: "absent", reason: `${names.to} was fenced and has not followed ${names.from} yet` };
    }
    if (from.promoted_at === null || !reachesBack(from, from.promoted_at)) {
      return {
        kind: "absent",
        reason: `the log of ${names.from} was emptied since ${names.to} read it: it must be reseeded`,
      };
    }
    const lost = await lostChanges(ends.target, from.promoted_with);
    if (lost.length === 0) return { kind: "turn-around" };
    const list = lost.map((item) => `${item.table} ${item.changes}`).join(", ");
    const reason = `${names.to} holds changes that never reached ${names.from} (${list}) and must be reseeded`;
    return { kind: "absent", reason, lost };
  }
  const progress = target.progress.find((item) => item.source === from.id);
  if (progress === undefined)
    return { kind: "absent", reason: `${names.to} has never followed ${names.from}` };
  return { kind: "follow", target: to, progress };
}
