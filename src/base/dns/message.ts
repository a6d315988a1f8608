import { recordType } from "./codes.ts";
import { decodeName, encodeName, MalformedMessageError } from "./name.ts";

/**
 * Whole DNS messages (RFC 1035, section 4.1), with data of records as bytes. The npm package dns-packet does not do here:
 * it can't write an UPDATE's class NONE and records without data (RFC 2136), reads past short data, and does not tell
 * where the TSIG record starts (RFC 8945). The tests hold this code against it where both can do the work.
 */
export interface Message {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** Of the header: 4 bits. */
  readonly rcode: number;
  /** In an UPDATE: the zone. */
  readonly questions: readonly Question[];
  /** In an UPDATE: the prerequisites. */
  readonly answers: readonly ResourceRecord[];
  /** In an UPDATE: the changes. */
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord extends Question {
  /** Seconds. */
  readonly ttl: number;
  /** Never compressed: names inside are expanded when a message is read. */
  readonly data: Buffer;
}

/** A message that was read. Its TSIG record, which must be the last, is taken out of the additional section. */
export interface DecodedMessage extends Message {
  readonly tsig: { readonly record: ResourceRecord; readonly offset: number } | undefined;
}

/** A message with nothing in it, to build on. */
export const emptyMessage: Message = {
  id: 0,
  response: false,
  opcode: 0,
  authoritative: false,
  truncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  rcode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
};

const headerBytes = 12;
/** The farthest offset that a compression pointer can name. */
const pointerLimit = 0x3fff;

/** Where names stand inside the data of types that RFC 1035 lets compress, and SRV: bytes before, names, bytes after. */
const dataLayout = new Map<number, { readonly before: number; readonly names: number }>([
  [recordType.NS, { before: 0, names: 1 }],
  [recordType.CNAME, { before: 0, names: 1 }],
  [recordType.PTR, { before: 0, names: 1 }],
  [recordType.DNAME, { before: 0, names: 1 }],
  [recordType.SOA, { before: 0, names: 2 }],
  [recordType.MX, { before: 2, names: 1 }],
  [recordType.SRV, { before: 6, names: 1 }],
]);

export function encodeMessage(message: Message): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(message.id, 0);
  header.writeUInt16BE(
    (message.response ? 0x8000 : 0) |
      (message.opcode << 11) |
      (message.authoritative ? 0x0400 : 0) |
      (message.truncated ? 0x0200 : 0) |
      (message.recursionDesired ? 0x0100 : 0) |
      (message.recursionAvailable ? 0x0080 : 0) |
      message.rcode,
    2,
  );
  const sections = [message.answers, message.authorities, message.additionals];
  [message.questions, ...sections].forEach((section, index) => {
    header.writeUInt16BE(section.length, 4 + 2 * index);
  });

  const parts: Buffer[] = [header];
  const seen = new Map<string, number>();
  let size = headerBytes;
  const push = (part: Buffer): void => {
    parts.push(part);
    size += part.length;
  };
  // Owner names repeat; pointing at the first of them keeps most answers within 512 bytes.
  const pushOwner = ({ name }: Question): void => {
    const earlier = seen.get(name);
    if (earlier === undefined && size <= pointerLimit && name !== ".") seen.set(name, size);
    push(earlier === undefined ? encodeName(name) : Buffer.of(0xc0 | (earlier >> 8), earlier & 0xff));
  };
  for (const question of message.questions) {
    pushOwner(question);
    const rest = Buffer.alloc(4);
    rest.writeUInt16BE(question.type, 0);
    rest.writeUInt16BE(question.class, 2);
    push(rest);
  }
  for (const record of sections.flat()) {
    pushOwner(record);
    push(encodeFields(record));
  }
  return Buffer.concat(parts);
}

/** A record on its own, its name in full. */
export function encodeRecord(record: ResourceRecord): Buffer {
  return Buffer.concat([encodeName(record.name), encodeFields(record)]);
}

function encodeFields(record: ResourceRecord): Buffer {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(record.type, 0);
  fields.writeUInt16BE(record.class, 2);
  fields.writeUInt32BE(record.ttl, 4);
  fields.writeUInt16BE(record.data.length, 8);
  return Buffer.concat([fields, record.data]);
}

/** Throws {@link MalformedMessageError}, and nothing else, whatever the bytes. */
export function decodeMessage(wire: Buffer): DecodedMessage {
  if (wire.length < headerBytes) throw new MalformedMessageError("A message is shorter than its header.");
  const flags = wire.readUInt16BE(2);
  let offset = headerBytes;
  const list = <T>(index: number, read: (at: number) => { readonly value: T; readonly next: number }): T[] =>
    Array.from({ length: wire.readUInt16BE(4 + 2 * index) }, () => {
      const { value, next } = read(offset);
      offset = next;
      return value;
    });

  const questions = list(0, (at) => decodeQuestion(wire, at));
  const answers = list(1, (at) => decodeRecord(wire, at));
  const authorities = list(2, (at) => decodeRecord(wire, at));
  let lastOffset = offset;
  const additionals = list(3, (at) => {
    lastOffset = at;
    return decodeRecord(wire, at);
  });
  if (offset !== wire.length) throw new MalformedMessageError("Bytes follow the message's end.");

  const last = additionals.at(-1);
  const tsig = last?.type === recordType.TSIG ? { record: last, offset: lastOffset } : undefined;
  if (tsig !== undefined) additionals.pop();
  if ([...answers, ...authorities, ...additionals].some((record) => record.type === recordType.TSIG)) {
    throw new MalformedMessageError("A TSIG record is not the last of the message.");
  }
  return {
    id: wire.readUInt16BE(0),
    response: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    rcode: flags & 0xf,
    questions,
    answers,
    authorities,
    additionals,
    tsig,
  };
}

function decodeQuestion(wire: Buffer, offset: number): { readonly value: Question; readonly next: number } {
  const { name, next } = decodeName(wire, offset);
  if (next + 4 > wire.length) throw new MalformedMessageError("A question runs past the message's end.");
  return {
    value: { name, type: wire.readUInt16BE(next), class: wire.readUInt16BE(next + 2) },
    next: next + 4,
  };
}

function decodeRecord(
  wire: Buffer,
  offset: number,
): { readonly value: ResourceRecord; readonly next: number } {
  const { value: question, next: fields } = decodeQuestion(wire, offset);
  if (fields + 6 > wire.length) throw new MalformedMessageError("A record runs past the message's end.");
  const start = fields + 6;
  const next = start + wire.readUInt16BE(fields + 4);
  if (next > wire.length) throw new MalformedMessageError("A record runs past the message's end.");
  const data = expandData(wire, question.type, start, next);
  return { value: { ...question, ttl: wire.readUInt32BE(fields), data }, next };
}

/** The data with its names in full. Empty data is left alone: an UPDATE may name a type without any. */
function expandData(wire: Buffer, type: number, start: number, end: number): Buffer {
  const layout = dataLayout.get(type);
  if (layout === undefined || start === end) return Buffer.from(wire.subarray(start, end));
  let position = start + layout.before;
  const parts = [wire.subarray(start, position)];
  for (let count = 0; count < layout.names; count++) {
    const { name, next } = decodeName(wire, position);
    parts.push(encodeName(name));
    position = next;
  }
  if (position > end) throw new MalformedMessageError("A name runs past its record's end.");
  parts.push(wire.subarray(position, end));
  return Buffer.concat(parts);
}
