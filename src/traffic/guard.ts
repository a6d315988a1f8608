import { canonicalName, isWithin } from "../base/dns/name.ts";
import { RefusedError } from "../base/errors.ts";
import type { TrafficChange } from "./contract.ts";
import { formatLedger, isLedgerWord, sameLedger } from "./ledger.ts";
import type { ZoneSettings } from "./settings.ts";
import { targetProblem } from "./target.ts";

/** A change that does not say a thing that could be meant. Pure: what the zone holds is not asked here. */
type Rule = (change: TrafficChange, settings: ZoneSettings) => Refusal | undefined;

interface Refusal {
  readonly rule: string;
  readonly seen: string;
  readonly suggestion: string;
}

const notEmpty: Rule = ({ target }) =>
  target.values.length > 0
    ? undefined
    : {
        rule: "target-not-empty",
        seen: "The change has no address: it would take the app off the net.",
        suggestion: "Give at least one address, or one host name.",
      };

const validValues: Rule = ({ target }) => {
  const [problem] = target.values.flatMap((value) => {
    const wrong = targetProblem(target.type, value);
    return wrong === undefined ? [] : [`'${value}' ${wrong}.`];
  });
  if (problem === undefined) return undefined;
  return { rule: "target-valid", seen: problem, suggestion: `Give valid values for ${target.type} records.` };
};

const oneAlias: Rule = ({ target }, { names }) => {
  if (target.type !== "CNAME") return undefined;
  const [host, ...others] = target.values;
  if (others.length > 0) {
    return {
      rule: "one-alias",
      seen: `A CNAME leads to one name, and ${target.values.length} are given.`,
      suggestion: "Give one host name, or addresses with type A or AAAA.",
    };
  }
  if (host === undefined || !names.includes(canonicalName(host))) return undefined;
  return {
    rule: "no-circle",
    seen: `${host} is one of the names that would lead to it.`,
    suggestion: "Give the platform's own host name of the site as the target.",
  };
};

const noApexAlias: Rule = ({ target }, { names, zone }) =>
  target.type === "CNAME" && names.includes(zone)
    ? {
        rule: "no-alias-at-apex",
        seen: `${zone} is the zone's own name, which holds SOA and NS records and so can't be a CNAME.`,
        suggestion: `Use a name below it such as www.${zone}, or a target with addresses (type A or AAAA).`,
      }
    : undefined;

const namesInZone: Rule = (_change, { names, zone }) => {
  const outside = names.find((name) => !isWithin(name, zone));
  if (outside === undefined) return undefined;
  return {
    rule: "names-in-zone",
    seen: `${outside} is not in the zone ${zone}.`,
    suggestion: "Name only hosts of the zone; another zone needs settings of its own.",
  };
};

/** The epoch counts changes of the active site; a change that keeps the ledger as it is may only touch TTL and names. */
const epochGrows: Rule = ({ expect, ledger }) => {
  const next = (expect?.epoch ?? 0) + 1;
  if (ledger.epoch === next || (expect !== undefined && sameLedger(expect, ledger))) return undefined;
  return {
    rule: "epoch-grows-by-one",
    seen: `The change has epoch ${ledger.epoch} after ${expect?.epoch ?? "none"}; it must be ${next}.`,
    suggestion: "Read the zone again and make the change from what it says now.",
  };
};

const ledgerWords: Rule = ({ ledger }) => {
  if (isLedgerWord(ledger.active) && isLedgerWord(ledger.by)) return undefined;
  return {
    rule: "ledger-words",
    seen: `'${formatLedger(ledger)}' can't be a ledger: active and by are 1 to 63 letters, digits, . _ : @ or -.`,
    suggestion: "Give the site and the run such names.",
  };
};

const validTtl: Rule = ({ ttlSeconds }) =>
  Number.isInteger(ttlSeconds) && ttlSeconds >= 0 && ttlSeconds <= 86_400
    ? undefined
    : {
        rule: "ttl-in-range",
        seen: `A TTL of ${ttlSeconds} s is not possible here.`,
        suggestion: "Give whole seconds, 0 to 86400; 30 suits most.",
      };

const rules: readonly Rule[] = [
  notEmpty,
  validValues,
  oneAlias,
  noApexAlias,
  namesInZone,
  epochGrows,
  ledgerWords,
  validTtl,
];

/** Throws `RefusedError` (code `change-refused`) with the first rule that the change breaks. */
export function checkChange(change: TrafficChange, settings: ZoneSettings): void {
  for (const rule of rules) {
    const refusal = rule(change, settings);
    if (refusal === undefined) continue;
    const { rule: name, seen, suggestion } = refusal;
    throw new RefusedError(seen, {
      code: "change-refused",
      rule: name,
      path: settings.names[0] ?? "",
      suggestion,
    });
  }
}
