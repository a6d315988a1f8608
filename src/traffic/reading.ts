import { randomInt } from "node:crypto";
import { opcode, rcode, rcodeName, recordClass, recordType, typeName } from "../base/dns/codes.ts";
import { decodeData } from "../base/dns/data.ts";
import { emptyMessage, encodeMessage, type ResourceRecord } from "../base/dns/message.ts";
import { sameName } from "../base/dns/name.ts";
import { UnderstudyError } from "../base/errors.ts";
import type { TrafficTarget } from "../platform/contract.ts";
import { formatServerAddress, type ServerAddress } from "./address.ts";
import type { Ledger, TrafficState } from "./contract.ts";
import { exchange } from "./exchange.ts";
import { parseLedgerRecords, sameLedger } from "./ledger.ts";
import { ledgerName, type ZoneSettings } from "./settings.ts";
import { canonicalTarget, describeTarget, sameTarget, targetTypes } from "./target.ts";

/** What one authoritative server has, of the ledger and of each name. */
export interface Reading {
  readonly ledger: Ledger | undefined;
  /** The ledger's record as it stands there, which a compare-and-swap has to name byte for byte. */
  readonly ledgerData: Buffer | undefined;
  readonly names: readonly NameReading[];
}

interface NameReading {
  readonly name: string;
  /** Addresses of the first type that is there. */
  readonly target: TrafficTarget | undefined;
  readonly ttlSeconds: number | undefined;
  /** Both IPv4 and IPv6 addresses: more than a target can say. */
  readonly mixed: boolean;
}

export interface ReadOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A question without recursion, as one asks an authoritative server. */
export function questionFor(name: string, type: number, recursionDesired = false): Buffer {
  return encodeMessage({
    ...emptyMessage,
    id: randomInt(0x10000),
    opcode: opcode.QUERY,
    recursionDesired,
    questions: [{ name, type, class: recordClass.IN }],
  });
}

/**
 * The records of a name and type (or its CNAME) at an authoritative server, no further. Throws `RetryableError` when it
 * gives no answer, and `not-authoritative` or `dns-refused` when it has no say in the zone.
 */
export async function readRecords(
  server: ServerAddress,
  name: string,
  type: number,
  options: ReadOptions,
): Promise<readonly ResourceRecord[]> {
  const { message } = await exchange(server, questionFor(name, type), { ...options, mode: "question" });
  const place = formatServerAddress(server);
  if (message.rcode !== rcode.NOERROR && message.rcode !== rcode.NXDOMAIN) {
    throw new UnderstudyError(
      `${place} answered the question for ${name} ${typeName(type)} with ${rcodeName(message.rcode)}.`,
      {
        code: "dns-refused",
        path: name,
        suggestion: "Check that the server serves the zone, and answers this machine.",
      },
    );
  }
  if (!message.authoritative) {
    throw new UnderstudyError(`${place} is not an authoritative server of ${name}.`, {
      code: "not-authoritative",
      path: name,
      suggestion: "Name the zone's authoritative servers, not a resolver (dig NS lists them).",
    });
  }
  return message.answers.filter((record) => sameName(record.name, name));
}

/** Asks one server for the ledger and all names, side by side. */
export async function readServer(
  server: ServerAddress,
  settings: ZoneSettings,
  options: ReadOptions,
): Promise<Reading> {
  const place = ledgerName(settings);
  const [ledgerRecords, ...names] = await Promise.all([
    readRecords(server, place, recordType.TXT, options),
    ...settings.names.map((name) => readName(server, name, options)),
  ]);
  const data = ledgerRecords.filter(({ type }) => type === recordType.TXT).map((record) => record.data);
  return { ledger: parseLedgerRecords(data, place), ledgerData: data[0], names };
}

async function readName(server: ServerAddress, name: string, options: ReadOptions): Promise<NameReading> {
  const answers = await Promise.all([
    readRecords(server, name, recordType.A, options),
    readRecords(server, name, recordType.AAAA, options),
  ]);
  const records = answers.flat();
  const found = targetTypes.filter((type) => records.some((record) => record.type === recordType[type]));
  const type = found.includes("CNAME") ? "CNAME" : found[0];
  if (type === undefined) return { name, target: undefined, ttlSeconds: undefined, mixed: false };
  const matching = records.filter((record) => record.type === recordType[type]);
  const values = matching.map((record) => decodeData(record.type, record.data));
  return {
    name,
    target: canonicalTarget({ type, values }),
    ttlSeconds: matching[0]?.ttl,
    mixed: found.length > 1 && type !== "CNAME",
  };
}

/** What the zone's users see: the first name's target, since all are changed together. */
export function stateOf({ ledger, names }: Reading): TrafficState {
  return { ledger, target: names[0]?.target, ttlSeconds: names[0]?.ttlSeconds };
}

/** What is wanted of a zone. */
export interface Expectation {
  readonly ledger: Ledger;
  readonly target: TrafficTarget;
  readonly ttlSeconds?: number;
}

/** What differs from what is wanted, for a person; empty when nothing does. */
export function differences(reading: Reading, expect: Expectation): readonly string[] {
  const ledger = sameLedger(reading.ledger, expect.ledger)
    ? []
    : [`the ledger says ${describeLedger(reading.ledger)}, not ${describeLedger(expect.ledger)}`];
  const names = reading.names.flatMap(({ name, target, ttlSeconds, mixed }) => {
    if (!sameTarget(target, expect.target)) {
      return [`${name} leads to ${describeTarget(target)}, not to ${describeTarget(expect.target)}`];
    }
    if (mixed) return [`${name} has addresses of the other family besides`];
    const differs = expect.ttlSeconds !== undefined && ttlSeconds !== expect.ttlSeconds;
    return differs ? [`${name} has a TTL of ${ttlSeconds} s, not ${expect.ttlSeconds} s`] : [];
  });
  return [...ledger, ...names];
}

/** `epoch 7, active mirror (by run-12)`, for people. */
export function describeLedger(ledger: Ledger | undefined): string {
  return ledger === undefined
    ? "nothing (there is no ledger)"
    : `epoch ${ledger.epoch}, active ${ledger.active} (by ${ledger.by})`;
}
