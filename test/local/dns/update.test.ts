import { describe, expect, test } from "vitest";
import { opcode, type rcode, rcodeName, recordClass, recordType } from "../../../src/base/dns/codes.ts";
import { encodeData } from "../../../src/base/dns/data.ts";
import { emptyMessage, type ResourceRecord } from "../../../src/base/dns/message.ts";
import { applyUpdate } from "../../../src/local/dns/update.ts";
import { makeZone, type ZoneData, zoneRecords } from "../../../src/local/dns/zone.ts";

const zone = makeZone("example.test", [
  { name: "a.example.test", type: "A", ttlSeconds: 30, value: "192.0.2.1" },
  { name: "a.example.test", type: "A", ttlSeconds: 30, value: "192.0.2.2" },
  { name: "a.example.test", type: "TXT", ttlSeconds: 30, value: "text" },
  { name: "c.example.test", type: "CNAME", ttlSeconds: 30, value: "App.example.net" },
]);

type Type = keyof typeof recordType;

/** As in a prerequisite or an update: a value only with class IN or NONE. */
function record(
  klass: keyof typeof recordClass,
  name: string,
  type: Type,
  value?: string,
  ttl = 0,
): ResourceRecord {
  const data = value === undefined ? Buffer.alloc(0) : encodeData(recordType[type], value);
  return { name, type: recordType[type], class: recordClass[klass], ttl, data };
}

function apply(
  updates: readonly ResourceRecord[],
  prerequisites: readonly ResourceRecord[] = [],
): string | ZoneData {
  const result = applyUpdate(zone, {
    ...emptyMessage,
    opcode: opcode.UPDATE,
    answers: prerequisites,
    authorities: updates,
  });
  return result.ok ? result.zone : rcodeName(result.rcode);
}

/** The records at a name after an update, as `TYPE ttl value`. */
function after(name: string, ...updates: readonly ResourceRecord[]): readonly string[] {
  const changed = apply(updates);
  if (typeof changed === "string") return [changed];
  return zoneRecords(changed)
    .filter((each) => each.name === name)
    .map(({ type, ttlSeconds, value }) => `${type} ${ttlSeconds} ${value}`);
}

describe("prerequisites (RFC 2136, section 3.2)", () => {
  const a = "a.example.test";
  test.each<[string, ResourceRecord[], keyof typeof rcode]>([
    ["name in use", [record("ANY", a, "ANY")], "NOERROR"],
    ["name in use, and it isn't", [record("ANY", "b.example.test", "ANY")], "NXDOMAIN"],
    ["name not in use", [record("NONE", "b.example.test", "ANY")], "NOERROR"],
    ["name not in use, and it is", [record("NONE", a, "ANY")], "YXDOMAIN"],
    ["type there", [record("ANY", a, "A")], "NOERROR"],
    ["type there, and it isn't", [record("ANY", a, "AAAA")], "NXRRSET"],
    ["type not there", [record("NONE", a, "AAAA")], "NOERROR"],
    ["type not there, and it is", [record("NONE", a, "A")], "YXRRSET"],
    ["these values", [record("IN", a, "A", "192.0.2.2"), record("IN", a, "A", "192.0.2.1")], "NOERROR"],
    ["these values, and there are more", [record("IN", a, "A", "192.0.2.1")], "NXRRSET"],
    [
      "these values, and one is another",
      [record("IN", a, "A", "192.0.2.1"), record("IN", a, "A", "192.0.2.3")],
      "NXRRSET",
    ],
    [
      "this value, whatever its case",
      [record("IN", "C.example.test", "CNAME", "app.EXAMPLE.net")],
      "NOERROR",
    ],
    ["a TTL", [record("ANY", a, "A", undefined, 1)], "FORMERR"],
    ["a value with class ANY", [record("ANY", a, "A", "192.0.2.1")], "FORMERR"],
    ["a value with class NONE", [record("NONE", a, "A", "192.0.2.1")], "FORMERR"],
    ["a name outside the zone", [record("ANY", "a.example.net", "A")], "NOTZONE"],
  ])("%s", (_, prerequisites, expected) => {
    const result = apply([record("ANY", a, "TXT")], prerequisites);
    expect(typeof result === "string" ? result : "NOERROR").toBe(expected);
  });
});

describe("changes (RFC 2136, section 3.4)", () => {
  test("one bad change, and nothing is done", () => {
    const good = record("ANY", "a.example.test", "A");
    expect(apply([good, record("IN", "a.example.net", "A", "192.0.2.1", 1)])).toBe("NOTZONE");
    expect(apply([good, record("IN", "a.example.test", "ANY", undefined, 1)])).toBe("FORMERR");
    expect(apply([good, record("NONE", "a.example.test", "ANY")])).toBe("FORMERR");
    expect(apply([good, record("ANY", "a.example.test", "A", "192.0.2.1")])).toBe("FORMERR");
    expect(apply([good, record("IN", "a.example.test", "A")])).toBe("FORMERR");
  });

  test("an addition sets the TTL of all its kind", () => {
    expect(after("a.example.test", record("IN", "A.example.test", "A", "192.0.2.2", 5))).toEqual([
      "A 5 192.0.2.1",
      "A 5 192.0.2.2",
      'TXT 30 "text"',
    ]);
  });

  test("one record, one type or the whole name goes", () => {
    expect(after("a.example.test", record("NONE", "a.example.test", "A", "192.0.2.1"))).toEqual([
      "A 30 192.0.2.2",
      'TXT 30 "text"',
    ]);
    expect(after("a.example.test", record("ANY", "a.example.test", "A"))).toEqual(['TXT 30 "text"']);
    expect(after("a.example.test", record("ANY", "a.example.test", "ANY"))).toEqual([]);
  });

  test("a CNAME stands alone: what can't stand beside it is left out", () => {
    expect(after("a.example.test", record("IN", "a.example.test", "CNAME", "x.test", 1))).toHaveLength(3);
    expect(after("c.example.test", record("IN", "c.example.test", "A", "192.0.2.1", 1))).toEqual([
      "CNAME 30 App.example.net",
    ]);
    expect(after("c.example.test", record("IN", "c.example.test", "CNAME", "other.test", 1))).toEqual([
      "CNAME 1 other.test",
    ]);
  });

  test("the zone keeps its SOA and a name server, and its serial grows with each change alone", () => {
    const apex = "example.test";
    const before = after(apex);
    expect(before).toEqual(["NS 3600 ns.example.test", expect.stringContaining(" 1 3600 ")]);
    for (const harmless of [
      record("ANY", apex, "ANY"),
      record("ANY", apex, "SOA"),
      record("ANY", apex, "NS"),
      record("NONE", apex, "NS", "ns.example.test"),
      record("NONE", "a.example.test", "A", "192.0.2.9"),
      record("IN", "a.example.test", "A", "192.0.2.1", 30),
    ]) {
      expect(after(apex, harmless)).toEqual(before);
    }
    const soa = (serial: number): ResourceRecord =>
      record("IN", apex, "SOA", `ns.example.test h.example.test ${serial} 1 1 1 1`, 5);
    expect(after(apex, record("ANY", "a.example.test", "A"))[1]).toContain(" 2 3600 ");
    expect(after(apex, soa(77))[1]).toContain(" 77 1 ");
    expect(after(apex, soa(0xffff_ffff))).toEqual(before);
  });
});
