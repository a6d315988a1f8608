import { recordClass, recordType, typeName, typeNumber } from "../../base/dns/codes.ts";
import { decodeData, encodeData } from "../../base/dns/data.ts";
import type { ResourceRecord } from "../../base/dns/message.ts";
import { canonicalName, decodeName, isWithin, parentName } from "../../base/dns/name.ts";
import { UnderstudyError } from "../../base/errors.ts";
import type { RecordConfig } from "./config.ts";

/** The records of one name and type. Never empty. */
export interface RecordSet {
  readonly ttl: number;
  readonly data: readonly Buffer[];
}

/** By type. */
export type NameRecords = ReadonlyMap<number, RecordSet>;

/** What a zone holds: a value, never changed in place, so that an update is all or nothing. */
export interface ZoneData {
  /** Canonical. */
  readonly name: string;
  /** By canonical name. */
  readonly names: ReadonlyMap<string, NameRecords>;
}

/** How long "there is no such name" may be kept, seconds: short, since everything here is for trying out. */
const negativeTtlSeconds = 5;

/** Makes a zone of records, with SOA and NS at its apex where they are not given. Throws `bad-record`, `bad-name`. */
export function makeZone(name: string, records: readonly RecordConfig[]): ZoneData {
  const apex = canonicalName(name);
  const given = new Set(
    records
      .filter((record) => canonicalName(record.name) === apex)
      .map((record) => record.type.toUpperCase()),
  );
  const soa = `ns.${apex} hostmaster.${apex} 1 3600 600 86400 ${negativeTtlSeconds}`;
  const defaults = [
    { name: apex, type: "SOA", ttlSeconds: negativeTtlSeconds, value: soa },
    { name: apex, type: "NS", ttlSeconds: 3600, value: `ns.${apex}` },
  ].filter((record) => !given.has(record.type));

  const names = new Map<string, Map<number, RecordSet>>();
  for (const record of [...defaults, ...records]) {
    const owner = canonicalName(record.name);
    const type = typeNumber(record.type);
    if (type === undefined) throw badRecord(record, "there is no such type");
    if (!isWithin(owner, apex)) throw badRecord(record, `it is not in the zone ${apex}`);
    const types = names.get(owner) ?? new Map<number, RecordSet>();
    const data = types.get(type)?.data ?? [];
    types.set(type, { ttl: record.ttlSeconds, data: [...data, encodeData(type, record.value)] });
    names.set(owner, types);
    if (types.has(recordType.CNAME) && types.size > 1) throw badRecord(record, "a CNAME stands alone");
  }
  return { name: apex, names };
}

function badRecord(record: RecordConfig, why: string): UnderstudyError {
  return new UnderstudyError(`The record ${record.name} ${record.type} is not possible: ${why}.`, {
    code: "bad-record",
  });
}

/** The zone's records as configuration, in a steady order: names, then types. */
export function zoneRecords(zone: ZoneData): readonly RecordConfig[] {
  return [...zone.names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, types]) =>
      [...types]
        .sort(([a], [b]) => a - b)
        .flatMap(([type, set]) =>
          set.data.map((data) => ({
            name,
            type: typeName(type),
            ttlSeconds: set.ttl,
            value: decodeData(type, data),
          })),
        ),
    );
}

/** What a zone has to say of a name and type. `alias` is a CNAME where another type was asked for. */
export type Lookup =
  | { readonly kind: "records"; readonly records: readonly ResourceRecord[] }
  | { readonly kind: "alias"; readonly records: readonly ResourceRecord[]; readonly target: string }
  | { readonly kind: "no-data" }
  | { readonly kind: "no-name" };

/** RFC 1034, section 4.3.2, with wildcards as RFC 4592 makes them precise; there are no delegations here. */
export function lookup(zone: ZoneData, owner: string, type: number): Lookup {
  const types = recordsFor(zone, canonicalName(owner));
  if (types === "no-name") return { kind: "no-name" };
  if (type === recordType.ANY) {
    const all = [...types].flatMap(([each, set]) => recordsOf(owner, each, set));
    return all.length === 0 ? { kind: "no-data" } : { kind: "records", records: all };
  }
  const exact = types.get(type);
  if (exact !== undefined) return { kind: "records", records: recordsOf(owner, type, exact) };
  const alias = types.get(recordType.CNAME);
  const target = alias?.data[0];
  if (alias === undefined || target === undefined) return { kind: "no-data" };
  return {
    kind: "alias",
    records: recordsOf(owner, recordType.CNAME, alias),
    target: decodeName(target, 0).name,
  };
}

/** The SOA as it goes into the authority section of a negative answer (RFC 2308): its TTL is at most the minimum. */
export function negativeRecords(zone: ZoneData): readonly ResourceRecord[] {
  const soa = zone.names.get(zone.name)?.get(recordType.SOA);
  if (soa === undefined) return [];
  return recordsOf(zone.name, recordType.SOA, soa).map((record) => ({
    ...record,
    ttl: Math.min(record.ttl, record.data.readUInt32BE(record.data.length - 4)),
  }));
}

function recordsOf(name: string, type: number, set: RecordSet): readonly ResourceRecord[] {
  return set.data.map((data) => ({ name, type, class: recordClass.IN, ttl: set.ttl, data }));
}

/** The records at a name: its own, or those of the wildcard below its closest encloser. */
function recordsFor(zone: ZoneData, owner: string): NameRecords | "no-name" {
  for (let name: string | undefined = owner; name !== undefined; name = parentName(name)) {
    if (!exists(zone, name)) continue;
    if (name === owner) return zone.names.get(name) ?? new Map();
    return zone.names.get(`*.${name}`) ?? "no-name";
  }
  return "no-name";
}

/** Whether a name has records, or only names below it that have (an empty non-terminal). */
function exists(zone: ZoneData, name: string): boolean {
  if (zone.names.has(name)) return true;
  for (const other of zone.names.keys()) if (other.endsWith(`.${name}`)) return true;
  return false;
}
