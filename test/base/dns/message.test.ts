import packet from "dns-packet";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { opcode, recordClass, recordType } from "../../../src/base/dns/codes.ts";
import { decodeData, encodeData } from "../../../src/base/dns/data.ts";
import {
  decodeMessage,
  emptyMessage,
  encodeMessage,
  encodeRecord,
  type Message,
  type ResourceRecord,
} from "../../../src/base/dns/message.ts";
import { encodeName, MalformedMessageError } from "../../../src/base/dns/name.ts";

const names = fc
  .array(fc.stringMatching(/^[a-z0-9_-]{1,12}$/), { minLength: 1, maxLength: 5 })
  .map((labels) => labels.join("."));
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const number16 = fc.integer({ min: 0, max: 0xffff });
const number32 = fc.integer({ min: 0, max: 0xffff_ffff });

/** Data that fits its type, or none, as an UPDATE has it. */
const typedData = fc.oneof(
  fc.tuple(fc.constant<number>(recordType.A), fc.oneof(fc.constant(Buffer.alloc(0)), bytes(4))),
  fc.tuple(fc.constantFrom<number>(recordType.NS, recordType.CNAME, recordType.PTR), names.map(encodeName)),
  fc.tuple(
    fc.constant<number>(recordType.MX),
    names.map((name) => Buffer.concat([Buffer.of(0, 10), encodeName(name)])),
  ),
  fc.tuple(fc.constant<number>(recordType.CNAME), fc.constant(Buffer.alloc(0))),
  fc.tuple(fc.constantFrom<number>(recordType.TXT, 4711), bytes(300)),
);
const records: fc.Arbitrary<ResourceRecord> = fc
  .tuple(
    names,
    typedData,
    fc.constantFrom<number>(recordClass.IN, recordClass.NONE, recordClass.ANY),
    number32,
  )
  .map(([name, [type, data], klass, ttl]) => ({ name, type, class: klass, ttl, data }));
const sections = fc.array(records, { maxLength: 4 });

const messages: fc.Arbitrary<Message> = fc.record({
  id: number16,
  response: fc.boolean(),
  opcode: fc.integer({ min: 0, max: 15 }),
  authoritative: fc.boolean(),
  truncated: fc.boolean(),
  recursionDesired: fc.boolean(),
  recursionAvailable: fc.boolean(),
  rcode: fc.integer({ min: 0, max: 15 }),
  questions: fc.array(fc.record({ name: names, type: number16, class: number16 }), { maxLength: 2 }),
  answers: sections,
  authorities: sections,
  additionals: sections,
});

describe("DNS messages", () => {
  test("any message goes to bytes and back, updates among them", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual({ ...message, tsig: undefined });
      }),
    );
  });

  test("any bytes give a message or a clear error, never anything else", () => {
    const mutated = fc.tuple(
      messages,
      fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 6 }),
      fc.nat(400),
    );
    fc.assert(
      fc.property(mutated, ([message, changes, length]) => {
        const wire = encodeMessage(message);
        for (const [at, value] of changes) if (at < wire.length) wire.writeUInt8(value, at);
        try {
          decodeMessage(wire.subarray(0, length));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
    );
  });

  test("dns-packet reads what is written here", () => {
    const answers: ResourceRecord[] = [
      { name: "www.example.test", type: recordType.CNAME, data: encodeName("app.example.test") },
      { name: "app.example.test", type: recordType.A, data: encodeData(recordType.A, "192.0.2.1") },
      { name: "app.example.test", type: recordType.TXT, data: encodeData(recordType.TXT, '"one" "two"') },
    ].map((record) => ({ ...record, class: recordClass.IN, ttl: 30 }));
    const wire = encodeMessage({
      ...emptyMessage,
      id: 4711,
      response: true,
      authoritative: true,
      questions: [{ name: "www.example.test", type: recordType.A, class: recordClass.IN }],
      answers,
    });
    const read = packet.decode(wire);
    expect(read).toMatchObject({
      id: 4711,
      flag_qr: true,
      flag_aa: true,
      questions: [{ name: "www.example.test", type: "A" }],
      answers: [
        { name: "www.example.test", type: "CNAME", ttl: 30, data: "app.example.test" },
        { name: "app.example.test", type: "A", ttl: 30, data: "192.0.2.1" },
        { name: "app.example.test", type: "TXT", data: [Buffer.from("one"), Buffer.from("two")] },
      ],
    });
  });

  test("reads what dns-packet writes", () => {
    const wire = packet.encode({
      type: "response",
      id: 7,
      flags: packet.RECURSION_DESIRED,
      questions: [{ name: "example.test", type: "SOA" }],
      answers: [
        {
          name: "example.test",
          type: "SOA",
          ttl: 5,
          data: {
            mname: "ns.example.test",
            rname: "h.example.test",
            serial: 3,
            refresh: 1,
            retry: 2,
            expire: 4,
            minimum: 5,
          },
        },
        { name: "example.test", type: "MX", ttl: 9, data: { preference: 10, exchange: "mx.example.test" } },
        { name: "example.test", type: "AAAA", ttl: 9, data: "2001:db8::1" },
      ],
    });
    const { answers, ...rest } = decodeMessage(wire);
    expect(rest).toMatchObject({ id: 7, response: true, recursionDesired: true, opcode: opcode.QUERY });
    expect(answers.map(({ type, ttl, data }) => [type, ttl, decodeData(type, data)])).toEqual([
      [recordType.SOA, 5, "ns.example.test h.example.test 3 1 2 4 5"],
      [recordType.MX, 9, "10 mx.example.test"],
      [recordType.AAAA, 9, "2001:db8::1"],
    ]);
  });

  test("names inside data are expanded", () => {
    const question = Buffer.concat([encodeName("example.test"), Buffer.of(0, 5, 0, 1)]);
    const header = Buffer.from("0001840000010001000000000000".slice(0, 24), "hex");
    const answer = Buffer.concat([
      Buffer.of(0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 30, 0, 6),
      Buffer.of(3),
      Buffer.from("www"),
      Buffer.of(0xc0, 12),
    ]);
    const { answers } = decodeMessage(Buffer.concat([header, question, answer]));
    expect(answers[0]).toMatchObject({ name: "example.test", data: encodeName("www.example.test") });
  });

  test("a TSIG record anywhere but at the end is an error", () => {
    const tsig: ResourceRecord = {
      name: "key",
      type: recordType.TSIG,
      class: recordClass.ANY,
      ttl: 0,
      data: Buffer.alloc(16),
    };
    const other = { ...tsig, type: recordType.TXT };
    expect(() => decodeMessage(encodeMessage({ ...emptyMessage, answers: [tsig] }))).toThrow(
      MalformedMessageError,
    );
    expect(() => decodeMessage(encodeMessage({ ...emptyMessage, additionals: [tsig, other] }))).toThrow(
      MalformedMessageError,
    );
    const { tsig: found, additionals } = decodeMessage(
      encodeMessage({ ...emptyMessage, additionals: [other, tsig] }),
    );
    expect(additionals).toEqual([other]);
    expect(found?.record).toEqual(tsig);
    expect(encodeRecord(tsig).length).toBe(5 + 10 + 16);
  });
});
