import { isIPv4, isIPv6, SocketAddress } from "node:net";
import { UnderstudyError } from "../errors.ts";
import { recordType, typeName } from "./codes.ts";
import { canonicalName, decodeName, encodeName, MalformedMessageError } from "./name.ts";

/**
 * The data of records as text, as zone files have it (RFC 1035, section 5.1), and as bytes. Types that are not known here
 * have the form of RFC 3597: `\# 4 C0000201`.
 */
interface DataCodec {
  encode(text: string): Buffer;
  decode(data: Buffer): string;
}

function badData(type: number, text: string, wanted: string): UnderstudyError {
  return new UnderstudyError(`'${text}' is no data of a ${typeName(type)} record: ${wanted} is wanted.`, {
    code: "bad-record",
  });
}

function encodeIPv6(text: string): Buffer {
  const withoutIPv4 = text.replace(/\d+\.\d+\.\d+\.\d+$/, (dotted) => {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split(".").map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = "", tail] = withoutIPv4.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const left = groups(head);
  const right = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0");
  const bytes = [...left, ...zeros, ...right].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
  return Buffer.from(bytes);
}

function decodeIPv6(data: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => data.readUInt16BE(2 * index).toString(16));
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

const ipv4: DataCodec = {
  encode(text) {
    if (!isIPv4(text)) throw badData(recordType.A, text, "an IPv4 address");
    return Buffer.from(text.split(".").map(Number));
  },
  decode: (data) => data.join("."),
};

const ipv6: DataCodec = {
  encode(text) {
    if (!isIPv6(text) || text.includes("%")) throw badData(recordType.AAAA, text, "an IPv6 address");
    return encodeIPv6(text);
  },
  decode: decodeIPv6,
};

const oneName: DataCodec = { encode: encodeName, decode: (data) => decodeName(data, 0).name };

/** Numbers of the given sizes in bytes, then one name: MX and SRV. */
function numbersAndName(type: number, sizes: readonly number[]): DataCodec {
  return {
    encode(text) {
      const words = text.trim().split(/\s+/);
      const name = words[sizes.length];
      if (words.length !== sizes.length + 1 || name === undefined || !words.slice(0, -1).every(isNumber)) {
        throw badData(type, text, `${sizes.length} numbers and a name`);
      }
      const numbers = words.slice(0, -1).map((word, index) => numberBytes(Number(word), sizes[index] ?? 2));
      return Buffer.concat([...numbers, encodeName(name)]);
    },
    decode(data) {
      let offset = 0;
      const numbers = sizes.map((size) => {
        const value = data.readUIntBE(offset, size);
        offset += size;
        return value;
      });
      return [...numbers, decodeName(data, offset).name].join(" ");
    },
  };
}

function isNumber(word: string): boolean {
  return /^\d{1,10}$/.test(word);
}

function numberBytes(value: number, size: number): Buffer {
  if (value >= 2 ** (8 * size)) {
    throw new UnderstudyError(`${value} does not fit into ${size} bytes of a record.`, {
      code: "bad-record",
    });
  }
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}

const soa: DataCodec = {
  encode(text) {
    const [primary, mailbox, ...numbers] = text.trim().split(/\s+/);
    if (primary === undefined || mailbox === undefined || numbers.length !== 5 || !numbers.every(isNumber)) {
      throw badData(recordType.SOA, text, "two names and five numbers");
    }
    const counts = numbers.map((word) => numberBytes(Number(word), 4));
    return Buffer.concat([encodeName(primary), encodeName(mailbox), ...counts]);
  },
  decode(data) {
    const primary = decodeName(data, 0);
    const mailbox = decodeName(data, primary.next);
    const numbers = Array.from({ length: 5 }, (_, index) => data.readUInt32BE(mailbox.next + 4 * index));
    return [primary.name, mailbox.name, ...numbers].join(" ");
  },
};

/** Strings of up to 255 bytes, in quotes; a text without quotes is one string, or as many as it needs. */
const txt: DataCodec = {
  encode(text) {
    const quoted = /^\s*"/.test(text);
    const strings = quoted ? unquote(text) : chunks(Buffer.from(text, "utf8"));
    return encodeTxt(strings);
  },
  decode: (data) => txtStrings(data).map(quote).join(" "),
};

function chunks(bytes: Buffer): readonly Buffer[] {
  const count = Math.max(1, Math.ceil(bytes.length / 255));
  return Array.from({ length: count }, (_, index) => bytes.subarray(255 * index, 255 * (index + 1)));
}

function quote(bytes: Buffer): string {
  const text = bytes.toString("latin1").replaceAll(/[^ -~]|["\\]/g, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return `\\${String(character.charCodeAt(0)).padStart(3, "0")}`;
  });
  return `"${text}"`;
}

function unquote(text: string): readonly Buffer[] {
  const pattern = /\s*"((?:[^"\\]|\\\d{3}|\\\D)*)"/gy;
  const strings: Buffer[] = [];
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const bytes = (match[1] ?? "").replaceAll(/\\(\d{3}|.)/gs, (_, escaped: string) =>
      escaped.length === 3 ? String.fromCharCode(Number(escaped) & 0xff) : escaped,
    );
    strings.push(Buffer.from(bytes, "latin1"));
    end = pattern.lastIndex;
  }
  if (text.slice(end).trim() !== "") throw badData(recordType.TXT, text, "strings in quotes");
  return strings;
}

/** The data of a TXT record. Throws `bad-record` for a string of over 255 bytes. */
export function encodeTxt(strings: readonly Buffer[]): Buffer {
  return Buffer.concat(strings.flatMap((bytes) => [numberBytes(bytes.length, 1), bytes]));
}

/** The strings of a TXT record. */
export function txtStrings(data: Buffer): readonly Buffer[] {
  const strings: Buffer[] = [];
  for (let offset = 0; offset < data.length; ) {
    const length = data[offset] ?? 0;
    const bytes = data.subarray(offset + 1, offset + 1 + length);
    if (bytes.length < length) throw new MalformedMessageError("A TXT record's string runs past its end.");
    strings.push(bytes);
    offset += 1 + length;
  }
  return strings;
}

const caa: DataCodec = {
  encode(text) {
    const [, flags, tag, value] = /^\s*(\d{1,3})\s+([a-z0-9]{1,15})\s+"?([^"]*)"?\s*$/i.exec(text) ?? [];
    if (flags === undefined || tag === undefined || value === undefined) {
      throw badData(recordType.CAA, text, 'flags, tag and value, as 0 issue "ca.example.net"');
    }
    const flagByte = numberBytes(Number(flags), 1);
    return Buffer.concat([flagByte, numberBytes(tag.length, 1), Buffer.from(tag + value, "latin1")]);
  },
  decode(data) {
    const tagEnd = 2 + data.readUInt8(1);
    const value = data.subarray(tagEnd).toString("latin1");
    return `${data.readUInt8(0)} ${data.subarray(2, tagEnd).toString("latin1")} "${value}"`;
  },
};

const codecs = new Map<number, DataCodec>([
  [recordType.A, ipv4],
  [recordType.AAAA, ipv6],
  [recordType.NS, oneName],
  [recordType.CNAME, oneName],
  [recordType.PTR, oneName],
  [recordType.DNAME, oneName],
  [recordType.SOA, soa],
  [recordType.MX, numbersAndName(recordType.MX, [2])],
  [recordType.SRV, numbersAndName(recordType.SRV, [2, 2, 2])],
  [recordType.TXT, txt],
  [recordType.CAA, caa],
]);

function encodeUnknown(type: number, text: string): Buffer {
  const [, length, hex = ""] = /^\s*\\#\s+(\d{1,5})((?:\s+[0-9a-f]+)*)\s*$/i.exec(text) ?? [];
  const bytes = Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
  if (length === undefined || bytes.length !== Number(length)) {
    throw badData(type, text, "\\# LENGTH HEX");
  }
  return bytes;
}

/** Text to bytes. Throws `bad-record` or `bad-name`. */
export function encodeData(type: number, text: string): Buffer {
  const codec = codecs.get(type);
  return codec === undefined || text.trimStart().startsWith("\\#")
    ? encodeUnknown(type, text)
    : codec.encode(text);
}

/** Bytes to text. Data that is not of its type's form is shown as that of an unknown one. */
export function decodeData(type: number, data: Buffer): string {
  try {
    const codec = codecs.get(type);
    const text = codec?.decode(data);
    if (codec !== undefined && text !== undefined && codec.encode(text).equals(data)) return text;
  } catch {
    // Falls through: the bytes are shown as they are.
  }
  return `\\# ${data.length}${data.length === 0 ? "" : ` ${data.toString("hex").toUpperCase()}`}`;
}

/** Bytes that are equal for equal data: names in it compare without regard to case. */
export function canonicalData(type: number, data: Buffer): Buffer {
  if (codecs.get(type) === oneName && data.length > 0)
    return encodeName(canonicalName(decodeName(data, 0).name));
  return data;
}
