import { rcode, recordClass, recordType } from "../../base/dns/codes.ts";
import type { Question, ResourceRecord } from "../../base/dns/message.ts";
import { canonicalName, isWithin } from "../../base/dns/name.ts";
import { lookup, negativeRecords, type ZoneData } from "./zone.ts";

/** The parts of an answer that come from the zones. */
export interface ZoneAnswer {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
}

/** How many CNAMEs are followed, so that a circle of them ends. */
const longestChain = 8;

/** The zone that a name belongs to: the one with the longest name. */
function zoneOf(zones: Iterable<ZoneData>, name: string): ZoneData | undefined {
  const canonical = canonicalName(name);
  let best: ZoneData | undefined;
  for (const zone of zones) {
    if (isWithin(canonical, zone.name) && zone.name.length >= (best?.name.length ?? 0)) best = zone;
  }
  return best;
}

/** Answers a question, following CNAMEs through all zones that are served here. */
export function answerQuestion(zones: readonly ZoneData[], question: Question): ZoneAnswer {
  const nothing = { authoritative: false, answers: [], authorities: [] };
  const transfer = question.type === recordType.AXFR || question.type === recordType.IXFR;
  if (question.class !== recordClass.IN || transfer) return { rcode: rcode.REFUSED, ...nothing };
  let zone = zoneOf(zones, question.name);
  if (zone === undefined) return { rcode: rcode.REFUSED, ...nothing };

  const answers: ResourceRecord[] = [];
  let owner = question.name;
  while (zone !== undefined && answers.length < longestChain) {
    const found = lookup(zone, owner, question.type);
    if (found.kind === "no-data" || found.kind === "no-name") {
      // The rcode is about the chain's last name (RFC 6604).
      const code = found.kind === "no-name" ? rcode.NXDOMAIN : rcode.NOERROR;
      return { rcode: code, authoritative: true, answers, authorities: negativeRecords(zone) };
    }
    answers.push(...found.records);
    if (found.kind === "records") break;
    owner = found.target;
    zone = zoneOf(zones, owner);
  }
  return { rcode: rcode.NOERROR, authoritative: true, answers, authorities: [] };
}
