import { countsFor } from "../app/roles.ts";
import type { App } from "../app/schema.ts";
import type { LinkStatus } from "../data/contract.ts";
import { claimMark, type Mode } from "./journal.ts";
import type { SiteSituation, Situation } from "./situation.ts";

/** What somebody wants to do. */
export interface Intention {
  readonly mode: Mode;
  readonly to: string;
}

/** One rule's word on an intention: what was seen and why that stands in the way. */
export interface Objection {
  /** Name of the rule, as `--override` takes it. */
  readonly rule: string;
  /** `refuses`: not without an override. `asks`: not without consent. `forbids`: not at all. */
  readonly kind: "refuses" | "asks" | "forbids";
  readonly seen: string;
  readonly suggestion: string;
}

interface Judgement {
  readonly app: App;
  readonly situation: Situation;
  readonly intention: Intention;
}

type Rule = (judgement: Judgement) => Objection | undefined;

const ledgerReadable: Rule = ({ situation }) => {
  if (!situation.traffic.ok) {
    return {
      rule: "ledger-readable",
      kind: "forbids",
      seen: `The zone can't be read: ${situation.traffic.reason}`,
      suggestion: "Without it nobody can say who is active. Check the DNS servers in the kit.",
    };
  }
  if (situation.traffic.value.ledger !== undefined) return undefined;
  return {
    rule: "ledger-readable",
    kind: "forbids",
    seen: "The zone holds no ledger record.",
    suggestion: "Make it: understudy up edge",
  };
};

const elsewhere: Rule = ({ situation, intention }) => {
  const ledger = situation.traffic.ok ? situation.traffic.value.ledger : undefined;
  if (ledger?.active !== intention.to) return undefined;
  return {
    rule: "target-is-standby",
    kind: "forbids",
    seen: `'${intention.to}' is active already, since epoch ${ledger.epoch}.`,
    suggestion: "There is nothing to do; see understudy status.",
  };
};

/** Journals lock out a second run on this machine; the ledger does so for everybody. */
const zoneUnclaimed: Rule = ({ situation }) => {
  const ledger = situation.traffic.ok ? situation.traffic.value.ledger : undefined;
  if (ledger?.by.startsWith(claimMark) !== true) return undefined;
  return {
    rule: "zone-unclaimed",
    kind: "refuses",
    seen: `The run ${ledger.by.slice(claimMark.length)} holds the zone, since epoch ${ledger.epoch}.`,
    suggestion:
      "Wait for it, or let it end where it was started: understudy cutover --resume. Where it is lost for good: --override zone-unclaimed.",
  };
};

function fromOf({ situation }: Judgement): SiteSituation | undefined {
  const ledger = situation.traffic.ok ? situation.traffic.value.ledger : undefined;
  return ledger === undefined ? undefined : situation.sites[ledger.active];
}

const sourceAnswers: Rule = (judgement) => {
  const from = fromOf(judgement);
  if (judgement.intention.mode === "ungraceful" || from === undefined) return undefined;
  const silent = [
    from.observation.ok ? undefined : from.observation.reason,
    ...judgement.situation.links.map((link) =>
      !link.ok
        ? link.reason
        : link.value.sourceReachable
          ? undefined
          : `the ${link.value.service} of '${from.name}' doesn't answer`,
    ),
  ].filter((reason) => reason !== undefined);
  if (silent.length === 0) return undefined;
  return {
    rule: "source-answers",
    kind: "forbids",
    seen: `'${from.name}' can't be fenced: ${silent.join("; ")}`,
    suggestion: "Where it is lost, go without it: --mode ungraceful.",
  };
};

const targetReady: Rule = ({ app, situation, intention }) => {
  const target = situation.sites[intention.to];
  if (target === undefined) return undefined;
  const objection = (seen: string): Objection => ({
    rule: "target-ready",
    kind: "refuses",
    seen,
    suggestion: "Mend the target first, or go on at your own risk: --override target-ready.",
  });
  if (!target.observation.ok)
    return objection(`'${target.name}' doesn't answer: ${target.observation.reason}`);
  const { processes, maintenance } = target.observation.value;
  const cold = Object.entries(countsFor(app, "standby"))
    .filter(([name, count]) => count > 0 && (processes[name]?.running ?? 0) === 0)
    .map(([name]) => name);
  if (cold.length > 0) return objection(`'${target.name}' has nothing running of: ${cold.join(", ")}.`);
  // Behind its maintenance page a site can't be asked; the run takes the page away and asks before it moves traffic.
  if (maintenance || (target.health.ok && target.health.value.healthy)) return undefined;
  const reason = target.health.ok ? target.health.value.detail : target.health.reason;
  return objection(`'${target.name}' is not healthy: ${reason}`);
};

/** Most changes that may be lost: those since the last read that reached the target, at the rate of the last minute. */
export function declaredLoss(links: readonly LinkStatus[], now: number): number {
  return links.reduce((sum, link) => {
    if (link.sourceReachable || link.lastReadAt === undefined) return sum + (link.lag?.changes ?? 0);
    const seconds = Math.max(0, now - link.lastReadAt) / 1000;
    return sum + Math.ceil((link.writesPerSecond ?? 0) * seconds);
  }, 0);
}

/** Seconds of writes that may be lost. */
function exposureSeconds(link: LinkStatus, now: number): number {
  if (link.sourceReachable) return link.lag?.seconds ?? 0;
  return link.lastReadAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, now - link.lastReadAt) / 1000;
}

const linksReady: Rule = ({ situation }) => {
  const reasons = situation.links.flatMap((link) => {
    if (!link.ok) return [link.reason];
    return link.value.promotable.ok ? [] : [`${link.value.service}: ${link.value.promotable.reason}`];
  });
  if (reasons.length === 0) return undefined;
  return {
    rule: "links-ready",
    kind: "refuses",
    seen: `The target's data can't be promoted: ${reasons.join("; ")}`,
    suggestion: "See understudy link status; to go on with what the target has: --override links-ready.",
  };
};

const lagWithinObjective: Rule = ({ app, situation, intention }) => {
  if (intention.mode === "graceful") return undefined;
  const { rpoSeconds } = app.objectives;
  const late = situation.links.flatMap((link) => {
    const seconds = link.ok ? exposureSeconds(link.value, situation.at) : Number.POSITIVE_INFINITY;
    return seconds > rpoSeconds ? [seconds] : [];
  });
  if (late.length === 0) return undefined;
  const worst = Math.max(...late);
  const loss = declaredLoss(
    situation.links.flatMap((link) => (link.ok ? [link.value] : [])),
    situation.at,
  );
  return {
    rule: "lag-within-objective",
    kind: "refuses",
    seen: `The target's data is ${Number.isFinite(worst) ? `${Math.round(worst)} s` : "an unknown time"} old, the objective is ${rpoSeconds} s: up to ${loss} changes would be lost.`,
    suggestion: "Wait for the source, or accept the loss: --override lag-within-objective.",
  };
};

const lossAccepted: Rule = ({ situation, intention }) => {
  if (intention.mode === "graceful") return undefined;
  const links = situation.links.flatMap((link) => (link.ok ? [link.value] : []));
  return {
    rule: "loss-accepted",
    kind: "asks",
    seen: `An ungraceful cutover: up to ${declaredLoss(links, situation.at)} acknowledged changes may be lost.`,
    suggestion: "Consent with --yes.",
  };
};

const rules: readonly Rule[] = [
  ledgerReadable,
  elsewhere,
  zoneUnclaimed,
  sourceAnswers,
  targetReady,
  linksReady,
  lagWithinObjective,
  lossAccepted,
];

/** Every objection to an intention in a situation. Pure. */
export function judge(app: App, situation: Situation, intention: Intention): readonly Objection[] {
  return rules.flatMap((rule) => rule({ app, situation, intention }) ?? []);
}
