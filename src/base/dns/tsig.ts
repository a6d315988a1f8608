import { createHmac, timingSafeEqual } from "node:crypto";
import { recordClass, recordType, tsigError } from "./codes.ts";
import { type DecodedMessage, encodeRecord } from "./message.ts";
import { canonicalName, decodeName, encodeName, MalformedMessageError, sameName } from "./name.ts";

/** Signed DNS messages: secret key transaction authentication, RFC 8945. One message each way; no zone transfers. */
export type TsigAlgorithm = "hmac-sha256" | "hmac-sha384" | "hmac-sha512";

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  /** Base64. */
  readonly secret: string;
}

/** What a TSIG record says (section 4.2). */
export interface Tsig {
  readonly keyName: string;
  readonly algorithm: string;
  /** Seconds since 1970. */
  readonly timeSigned: number;
  /** Seconds by which the two clocks may differ. */
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  /** With BADTIME: the server's time, 6 bytes. */
  readonly other: Buffer;
}

/** The difference of clocks that is allowed, seconds, as section 10 recommends. */
const fudgeSeconds = 300;

export interface SignOptions {
  /** Seconds since 1970. */
  readonly timeSigned: number;
  /** For an answer: the MAC of its request. */
  readonly requestMac?: Buffer;
  readonly error?: number;
  readonly other?: Buffer;
}

/** The message with a TSIG record at its end, and the record's MAC, which the answer's own is computed over. */
export function signMessage(
  wire: Buffer,
  key: TsigKey,
  options: SignOptions,
): { readonly wire: Buffer; readonly mac: Buffer } {
  const unsigned: Omit<Tsig, "mac"> = {
    keyName: key.name,
    algorithm: key.algorithm,
    timeSigned: options.timeSigned,
    fudge: fudgeSeconds,
    originalId: wire.readUInt16BE(0),
    error: options.error ?? 0,
    other: options.other ?? Buffer.alloc(0),
  };
  const mac = computeMac(wire, key, unsigned, options.requestMac);
  return { wire: appendTsig(wire, { ...unsigned, mac }), mac };
}

/** The message with this TSIG record, signed or not: an answer to a request with a bad key or MAC has an empty MAC. */
export function appendTsig(wire: Buffer, tsig: Tsig): Buffer {
  const { before, after } = variables(tsig);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16BE(tsig.mac.length, 0);
  lengths.writeUInt16BE(tsig.originalId, 2);
  const record = encodeRecord({
    name: tsig.keyName,
    type: recordType.TSIG,
    class: recordClass.ANY,
    ttl: 0,
    data: Buffer.concat([before, lengths.subarray(0, 2), tsig.mac, lengths.subarray(2), after]),
  });
  const header = Buffer.from(wire.subarray(0, 12));
  header.writeUInt16BE(header.readUInt16BE(10) + 1, 10);
  return Buffer.concat([header, wire.subarray(12), record]);
}

/** The message's TSIG record, or undefined when it has none. Throws {@link MalformedMessageError}. */
export function readTsig(message: DecodedMessage): Tsig | undefined {
  if (message.tsig === undefined) return undefined;
  const { name: keyName, class: klass, ttl, data } = message.tsig.record;
  // Neither is signed, since there is but one value that they can have.
  if (klass !== recordClass.ANY || ttl !== 0) {
    throw new MalformedMessageError("A TSIG record has a wrong class or TTL.");
  }
  const { name: algorithm, next } = decodeName(data, 0);
  const take = (offset: number, bytes: number): number => {
    if (offset + bytes > data.length) throw new MalformedMessageError("A TSIG record is cut short.");
    return data.readUIntBE(offset, bytes);
  };
  const macEnd = next + 10 + take(next + 8, 2);
  const otherEnd = macEnd + 6 + take(macEnd + 4, 2);
  if (otherEnd !== data.length) throw new MalformedMessageError("A TSIG record has a wrong length.");
  return {
    keyName,
    algorithm,
    timeSigned: take(next, 6),
    fudge: take(next + 6, 2),
    mac: data.subarray(next + 10, macEnd),
    originalId: take(macEnd, 2),
    error: take(macEnd + 2, 2),
    other: data.subarray(macEnd + 6),
  };
}

/** Undefined = the message is signed with this key and fresh; else the error of {@link tsigError} (section 5.2). */
export function verifyMessage(
  wire: Buffer,
  message: DecodedMessage,
  key: TsigKey,
  options: { readonly now: number; readonly requestMac?: Buffer },
): number | undefined {
  const tsig = readTsig(message);
  if (tsig === undefined || message.tsig === undefined) return tsigError.BADSIG;
  if (!sameName(tsig.keyName, key.name) || !sameName(tsig.algorithm, key.algorithm)) return tsigError.BADKEY;
  const bare = Buffer.from(wire.subarray(0, message.tsig.offset));
  bare.writeUInt16BE(tsig.originalId, 0);
  bare.writeUInt16BE(bare.readUInt16BE(10) - 1, 10);
  const mac = computeMac(bare, key, tsig, options.requestMac);
  // A shortened MAC is allowed by the RFC and refused here: nothing needs it.
  if (mac.length !== tsig.mac.length || !timingSafeEqual(mac, tsig.mac)) return tsigError.BADSIG;
  // Time is looked at after the MAC, so that the error's answer can be signed.
  return Math.abs(options.now - tsig.timeSigned) > tsig.fudge ? tsigError.BADTIME : undefined;
}

/** Seconds since 1970 as the six bytes of a time in a TSIG record. */
export function timeBytes(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
}

function computeMac(
  bare: Buffer,
  key: TsigKey,
  tsig: Omit<Tsig, "mac">,
  requestMac: Buffer | undefined,
): Buffer {
  const hmac = createHmac(key.algorithm.slice("hmac-".length), Buffer.from(key.secret, "base64"));
  if (requestMac !== undefined) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(requestMac.length);
    hmac.update(length).update(requestMac);
  }
  const { before, after } = variables(tsig);
  const classAndTtl = Buffer.of(0, recordClass.ANY, 0, 0, 0, 0);
  return hmac
    .update(bare)
    .update(encodeName(canonicalName(tsig.keyName)))
    .update(classAndTtl)
    .update(before)
    .update(after)
    .digest();
}

/** The fields before and after the MAC and original id, which are what the MAC covers (section 4.3.3). */
function variables(tsig: Omit<Tsig, "mac">): { readonly before: Buffer; readonly after: Buffer } {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt16BE(tsig.fudge, 0);
  numbers.writeUInt16BE(tsig.error, 2);
  numbers.writeUInt16BE(tsig.other.length, 4);
  const algorithm = encodeName(canonicalName(tsig.algorithm));
  return {
    before: Buffer.concat([algorithm, timeBytes(tsig.timeSigned), numbers.subarray(0, 2)]),
    after: Buffer.concat([numbers.subarray(2), tsig.other]),
  };
}
