import { rcode, recordClass, recordType } from "../../base/dns/codes.ts";
import { canonicalData } from "../../base/dns/data.ts";
import type { Message, ResourceRecord } from "../../base/dns/message.ts";
import { canonicalName, isWithin } from "../../base/dns/name.ts";
import type { NameRecords, RecordSet, ZoneData } from "./zone.ts";

/** What came of an update: the zone as it is after it, or why it was not done. */
export type UpdateResult =
  | { readonly ok: true; readonly zone: ZoneData }
  | { readonly ok: false; readonly rcode: number };

type Names = Map<string, Map<number, RecordSet>>;

/** Types that are no records: IXFR, AXFR, MAILB, MAILA. */
const metaTypes = new Set<number>([recordType.IXFR, recordType.AXFR, 253, 254]);

/** Applies an UPDATE to a zone as RFC 2136, section 3, has it: all prerequisites hold and all changes are made, or nothing is. */
export function applyUpdate(zone: ZoneData, message: Message): UpdateResult {
  const failure =
    checkPrerequisites(zone, message.answers) ??
    message.authorities.map((record) => prescan(zone, record)).find((code) => code !== undefined);
  if (failure !== undefined) return { ok: false, rcode: failure };

  const names: Names = new Map([...zone.names].map(([name, types]) => [name, new Map(types)]));
  let changed = false;
  for (const record of message.authorities) changed = change(zone, names, record) || changed;
  if (!changed) return { ok: true, zone };
  bumpSerial(zone, names);
  return { ok: true, zone: { name: zone.name, names } };
}

/** Section 3.2. Gives the first failure's rcode. */
function checkPrerequisites(zone: ZoneData, records: readonly ResourceRecord[]): number | undefined {
  const wanted = new Map<string, { readonly set: RecordSet | undefined; readonly data: Buffer[] }>();
  for (const record of records) {
    const name = canonicalName(record.name);
    if (record.ttl !== 0) return rcode.FORMERR;
    if (!isWithin(name, zone.name)) return rcode.NOTZONE;
    const types: NameRecords = zone.names.get(name) ?? new Map();
    const exists = record.type === recordType.ANY ? types.size > 0 : types.has(record.type);
    const wholeName = record.type === recordType.ANY;
    if (record.class === recordClass.ANY) {
      if (record.data.length > 0) return rcode.FORMERR;
      if (!exists) return wholeName ? rcode.NXDOMAIN : rcode.NXRRSET;
    } else if (record.class === recordClass.NONE) {
      if (record.data.length > 0) return rcode.FORMERR;
      if (exists) return wholeName ? rcode.YXDOMAIN : rcode.YXRRSET;
    } else if (record.class === recordClass.IN && !wholeName) {
      const key = `${name} ${record.type}`;
      const group = wanted.get(key) ?? { set: types.get(record.type), data: [] };
      group.data.push(canonicalData(record.type, record.data));
      wanted.set(key, group);
      if (!group.set?.data.some((data) => equalData(record.type, data, record.data))) return rcode.NXRRSET;
    } else {
      return rcode.FORMERR;
    }
  }
  for (const { set, data } of wanted.values()) {
    const distinct = new Set(data.map((bytes) => bytes.toString("hex")));
    if (set?.data.length !== distinct.size) return rcode.NXRRSET;
  }
  return undefined;
}

/** Section 3.4.1: is this a change that can be made at all? */
function prescan(zone: ZoneData, record: ResourceRecord): number | undefined {
  if (!isWithin(canonicalName(record.name), zone.name)) return rcode.NOTZONE;
  const meta = metaTypes.has(record.type) || record.type === recordType.OPT;
  const any = record.type === recordType.ANY;
  switch (record.class) {
    case recordClass.IN:
      return meta || any || record.data.length === 0 ? rcode.FORMERR : undefined;
    case recordClass.ANY:
      return meta || record.ttl !== 0 || record.data.length > 0 ? rcode.FORMERR : undefined;
    case recordClass.NONE:
      return meta || any || record.ttl !== 0 ? rcode.FORMERR : undefined;
    default:
      return rcode.FORMERR;
  }
}

/** Section 3.4.2. Gives whether anything is different now. */
function change(zone: ZoneData, names: Names, record: ResourceRecord): boolean {
  const name = canonicalName(record.name);
  const types = names.get(name) ?? new Map<number, RecordSet>();
  const before = types.get(record.type);
  const apex = name === zone.name;
  switch (record.class) {
    case recordClass.IN:
      return add(names, name, types, record);
    case recordClass.ANY: {
      const doomed = record.type === recordType.ANY ? [...types.keys()] : [record.type];
      // A zone keeps its SOA and name servers.
      const gone = doomed.filter(
        (type) => types.has(type) && !(apex && (type === recordType.SOA || type === recordType.NS)),
      );
      for (const type of gone) types.delete(type);
      if (types.size === 0) names.delete(name);
      return gone.length > 0;
    }
    default: {
      const rest = before?.data.filter((data) => !equalData(record.type, data, record.data)) ?? [];
      const keeps =
        record.type === recordType.SOA || (apex && record.type === recordType.NS && rest.length === 0);
      if (before === undefined || keeps || rest.length === before.data.length) return false;
      if (rest.length > 0) types.set(record.type, { ttl: before.ttl, data: rest });
      else types.delete(record.type);
      if (types.size === 0) names.delete(name);
      return true;
    }
  }
}

/** An addition that can't stand beside what is there is left out without a word, as the RFC has it. */
function add(names: Names, name: string, types: Map<number, RecordSet>, record: ResourceRecord): boolean {
  const before = types.get(record.type);
  const isAlias = record.type === recordType.CNAME;
  if (isAlias ? [...types.keys()].some((type) => type !== recordType.CNAME) : types.has(recordType.CNAME)) {
    return false;
  }
  if (record.type === recordType.SOA) {
    const old = before?.data[0];
    if (old === undefined || !isNewer(serialOf(record.data), serialOf(old))) return false;
  }
  const single = isAlias || record.type === recordType.SOA;
  const others = single
    ? []
    : (before?.data.filter((data) => !equalData(record.type, data, record.data)) ?? []);
  const same = before !== undefined && before.ttl === record.ttl && before.data.length === others.length + 1;
  if (same && before.data.some((data) => equalData(record.type, data, record.data))) return false;
  types.set(record.type, { ttl: record.ttl, data: [...others, record.data] });
  names.set(name, types);
  return true;
}

function equalData(type: number, a: Buffer, b: Buffer): boolean {
  return canonicalData(type, a).equals(canonicalData(type, b));
}

/** Where the serial stands in a SOA's data: before the last four numbers. */
function serialAt(data: Buffer): number {
  return data.length - 20;
}

function serialOf(data: Buffer): number {
  return data.readUInt32BE(serialAt(data));
}

/** Serial numbers go round (RFC 1982). */
function isNewer(a: number, b: number): boolean {
  return a !== b && (a - b) >>> 0 < 0x8000_0000;
}

/** Unless the update has itself set a newer serial. */
function bumpSerial(zone: ZoneData, names: Names): void {
  const types = names.get(zone.name);
  const soa = types?.get(recordType.SOA);
  const old = zone.names.get(zone.name)?.get(recordType.SOA)?.data[0];
  const current = soa?.data[0];
  if (types === undefined || soa === undefined || current === undefined || old === undefined) return;
  if (serialOf(current) !== serialOf(old)) return;
  const data = Buffer.from(current);
  // 0 is skipped: some servers take it to mean "unset".
  data.writeUInt32BE((serialOf(old) + 1) >>> 0 || 1, serialAt(data));
  types.set(recordType.SOA, { ttl: soa.ttl, data: [data] });
}
