import { randomInt } from "node:crypto";
import { opcode, recordClass, recordType } from "../base/dns/codes.ts";
import { encodeData, encodeTxt } from "../base/dns/data.ts";
import { emptyMessage, encodeMessage, type ResourceRecord } from "../base/dns/message.ts";
import type { TrafficTarget } from "../platform/contract.ts";
import type { Ledger } from "./contract.ts";
import { formatLedger } from "./ledger.ts";
import { ledgerName, type ZoneSettings } from "./settings.ts";
import { canonicalTarget, targetTypes } from "./target.ts";

/**
 * Types that can't stand beside a CNAME and that people keep at host names. RFC 2136 has an addition that can't be made
 * left out in silence, so a change to a CNAME names them as "must not be there", and fails as a whole instead.
 */
export const typesBesideNoAlias: readonly number[] = [
  recordType.NS,
  recordType.MX,
  recordType.TXT,
  recordType.SRV,
  recordType.SSHFP,
  recordType.TLSA,
  recordType.SVCB,
  recordType.HTTPS,
  recordType.CAA,
];

/** What an update says: the wire form of RFC 2136, section 2, still unsigned. */
export interface UpdateSpec {
  /** The ledger's record as it must stand there, byte for byte; undefined = there must be none. */
  readonly expect: Buffer | undefined;
  /** Undefined = records and ledger go. */
  readonly make:
    | { readonly ledger: Ledger; readonly target: TrafficTarget; readonly ttlSeconds: number }
    | undefined;
}

/** One UPDATE message: records of every name and the ledger, under the condition that the ledger is as expected. */
export function encodeUpdate(settings: ZoneSettings, { expect, make }: UpdateSpec): Buffer {
  const ledgerAt = ledgerName(settings);
  const aliasConditions =
    make?.target.type === "CNAME"
      ? settings.names.flatMap((name) => typesBesideNoAlias.map((type) => absent(name, type)))
      : [];
  const ledgerCondition =
    expect === undefined ? absent(ledgerAt, recordType.TXT) : present(ledgerAt, recordType.TXT, 0, expect);
  return encodeMessage({
    ...emptyMessage,
    id: randomInt(0x10000),
    opcode: opcode.UPDATE,
    questions: [{ name: settings.zone, type: recordType.SOA, class: recordClass.IN }],
    answers: [ledgerCondition, ...aliasConditions],
    authorities: [
      ...settings.names.flatMap((name) => targetTypes.map((type) => remove(name, recordType[type]))),
      remove(ledgerAt, recordType.TXT),
      ...(make === undefined ? [] : additions(settings, ledgerAt, make)),
    ],
  });
}

function additions(
  settings: ZoneSettings,
  ledgerAt: string,
  { ledger, target, ttlSeconds }: NonNullable<UpdateSpec["make"]>,
): readonly ResourceRecord[] {
  const { type, values } = canonicalTarget(target);
  const number = recordType[type];
  const text = encodeTxt([Buffer.from(formatLedger(ledger), "latin1")]);
  return [
    ...settings.names.flatMap((name) =>
      values.map((value) => present(name, number, ttlSeconds, encodeData(number, value))),
    ),
    present(ledgerAt, recordType.TXT, ttlSeconds, text),
  ];
}

/** A record that must be there (as a prerequisite, with TTL 0), or that is added. */
function present(name: string, type: number, ttl: number, data: Buffer): ResourceRecord {
  return { name, type, class: recordClass.IN, ttl, data };
}

/** As a prerequisite: no record of that type at that name. */
function absent(name: string, type: number): ResourceRecord {
  return { name, type, class: recordClass.NONE, ttl: 0, data: Buffer.alloc(0) };
}

/** All records of that type at that name go. */
function remove(name: string, type: number): ResourceRecord {
  return { name, type, class: recordClass.ANY, ttl: 0, data: Buffer.alloc(0) };
}
