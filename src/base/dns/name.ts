import { UnderstudyError } from "../errors.ts";

/**
 * Domain names as text and on the wire (RFC 1035, sections 3.1, 4.1.4 and 5.1). Text has no trailing dot, the root is
 * `.`, a dot inside a label is `\.` and bytes that can't be shown are `\DDD`. Case is kept; comparisons ignore it.
 */

/** A message that no conforming sender makes, or one cut short. */
export class MalformedMessageError extends UnderstudyError {
  constructor(message: string) {
    super(message, { code: "dns-malformed" });
  }
}

function badName(name: string, why: string): UnderstudyError {
  return new UnderstudyError(`'${name}' is not a domain name: ${why}.`, { code: "bad-name" });
}

/** Labels as bytes (latin1), from left to right; none for the root. Throws `bad-name`. */
function labelsOf(name: string): readonly string[] {
  if (name === "." || name === "") return [];
  const labels: string[] = [];
  let label = "";
  for (let index = 0; index < name.length; index++) {
    const character = name.charAt(index);
    if (character === ".") {
      if (label === "") throw badName(name, "it has an empty label");
      labels.push(label);
      label = "";
    } else if (character === "\\") {
      const digits = /^\d{3}/.exec(name.slice(index + 1))?.[0];
      if (digits !== undefined && Number(digits) > 255) throw badName(name, `\\${digits} is not a byte`);
      if (digits === undefined && index + 1 >= name.length) throw badName(name, "it ends in a backslash");
      label += digits === undefined ? name.charAt(index + 1) : String.fromCharCode(Number(digits));
      index += digits === undefined ? 1 : 3;
    } else {
      if (character > "\u007e") throw badName(name, "it has letters outside ASCII (write xn--...)");
      label += character;
    }
  }
  if (label !== "") labels.push(label);
  return labels;
}

function escapeLabel(label: string): string {
  return label.replaceAll(/[^!-~]|[.\\]/g, (character) =>
    character === "." || character === "\\"
      ? `\\${character}`
      : `\\${String(character.charCodeAt(0)).padStart(3, "0")}`,
  );
}

/** The uncompressed wire form. Throws `bad-name` when a label has over 63 bytes or the whole over 255. */
export function encodeName(name: string): Buffer {
  const parts = labelsOf(name).map((label) => {
    if (label.length > 63) throw badName(name, "a label is longer than 63 bytes");
    return Buffer.concat([Buffer.of(label.length), Buffer.from(label, "latin1")]);
  });
  const wire = Buffer.concat([...parts, Buffer.of(0)]);
  if (wire.length > 255) throw badName(name, "it is longer than 255 bytes");
  return wire;
}

/** The name that starts at `offset`, with pointers followed, and where the next field starts. */
export function decodeName(wire: Buffer, offset: number): { readonly name: string; readonly next: number } {
  const labels: string[] = [];
  let position = offset;
  let next: number | undefined;
  let size = 1;
  for (;;) {
    const length = wire[position];
    if (length === undefined) throw new MalformedMessageError("A name runs past the message's end.");
    if (length === 0) break;
    if ((length & 0xc0) === 0xc0) {
      const low = wire[position + 1];
      if (low === undefined) throw new MalformedMessageError("A name runs past the message's end.");
      const target = ((length & 0x3f) << 8) | low;
      // Only backwards, so that no pointers can make a circle.
      if (target >= position) throw new MalformedMessageError("A name points forwards.");
      next ??= position + 2;
      position = target;
      continue;
    }
    if (length > 63) throw new MalformedMessageError("A label has a type that does not exist.");
    const label = wire.subarray(position + 1, position + 1 + length);
    if (label.length < length) throw new MalformedMessageError("A name runs past the message's end.");
    size += length + 1;
    if (size > 255) throw new MalformedMessageError("A name is longer than 255 bytes.");
    labels.push(escapeLabel(label.toString("latin1")));
    position += length + 1;
  }
  return { name: labels.length === 0 ? "." : labels.join("."), next: next ?? position + 1 };
}

/** One spelling for equal names: lower case, no trailing dot, plain characters unescaped. Throws `bad-name`. */
export function canonicalName(name: string): string {
  const labels = labelsOf(name).map((label) => escapeLabel(label.toLowerCase()));
  return labels.length === 0 ? "." : labels.join(".");
}

export function sameName(a: string, b: string): boolean {
  return canonicalName(a) === canonicalName(b);
}

/** The name without its first label, `.` for a name of one; undefined for the root. Takes a canonical name. */
export function parentName(name: string): string | undefined {
  const labels = labelsOf(name);
  if (labels.length === 0) return undefined;
  return labels.length === 1 ? "." : labels.slice(1).map(escapeLabel).join(".");
}

/** Whether a name is the zone's own or lies below it. Takes canonical names. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || zone === "." || name.endsWith(`.${zone}`);
}
