/**
 * Numbers of the DNS protocol that Understudy speaks.
 * Source: IANA, "Domain Name System (DNS) Parameters"; RFC 1035, RFC 2136, RFC 6891, RFC 8945.
 */
export const recordType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const;

export const recordClass = { IN: 1, NONE: 254, ANY: 255 } as const;

export const opcode = { QUERY: 0, UPDATE: 5 } as const;

export const rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
} as const;

/** Errors that a TSIG record carries beside the answer's rcode (RFC 8945, section 3). */
export const tsigError = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

const typeNames = new Map(Object.entries(recordType).map(([name, number]) => [number as number, name]));
const rcodeNames = new Map(Object.entries(rcode).map(([name, number]) => [number as number, name]));
const tsigErrorNames = new Map(Object.entries(tsigError).map(([name, number]) => [number as number, name]));

/** `A`, or `TYPE65280` where the number has no name here (RFC 3597). */
export function typeName(number: number): string {
  return typeNames.get(number) ?? `TYPE${number}`;
}

/** The number of `A` or `TYPE65280`, or undefined. */
export function typeNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  if (Object.hasOwn(recordType, upper)) return recordType[upper as keyof typeof recordType];
  const number = /^TYPE(\d{1,5})$/.exec(upper)?.[1];
  return number !== undefined && Number(number) <= 0xffff ? Number(number) : undefined;
}

export function rcodeName(number: number): string {
  return rcodeNames.get(number) ?? `RCODE${number}`;
}

export function tsigErrorName(number: number): string {
  return tsigErrorNames.get(number) ?? `error ${number}`;
}
