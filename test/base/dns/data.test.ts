import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordType } from "../../../src/base/dns/codes.ts";
import { canonicalData, decodeData, encodeData } from "../../../src/base/dns/data.ts";

describe("data of records", () => {
  test.each([
    [recordType.A, "192.0.2.1", "c0000201"],
    [recordType.AAAA, "2001:db8::1", "20010db8000000000000000000000001"],
    [recordType.AAAA, "::", "00000000000000000000000000000000"],
    [recordType.CNAME, "app.example.net", "03617070076578616d706c65036e657400"],
    [recordType.MX, "10 mx.test", "000a026d78047465737400"],
    [recordType.SRV, "1 2 443 a.test", "0001000201bb016104746573740 0".replace(" ", "")],
    [recordType.TXT, '"v=1" "b"', "03763d310162"],
    [
      recordType.TXT,
      '"quote \\" back \\\\ byte \\200"',
      "157175 6f746520222 06261636b205c206279746520c8".replaceAll(" ", ""),
    ],
    [recordType.TXT, '""', "00"],
    [
      recordType.CAA,
      '0 issue "ca.example.net"',
      "00056973737565 63612e6578616d706c652e6e6574".replace(" ", ""),
    ],
    [4711, "\\# 3 0A0B0C", "0a0b0c"],
    [recordType.A, "\\# 0", ""],
  ])("type %i: %s", (type, text, hex) => {
    expect(encodeData(type, text).toString("hex")).toBe(hex);
    expect(decodeData(type, Buffer.from(hex, "hex"))).toBe(text);
  });

  test.each([
    [recordType.A, "192.0.2.256"],
    [recordType.A, "2001:db8::1"],
    [recordType.AAAA, "fe80::1%eth0"],
    [recordType.AAAA, "192.0.2.1"],
    [recordType.MX, "mx.test"],
    [recordType.MX, "70000 mx.test"],
    [recordType.SRV, "1 2 a.test"],
    [recordType.SOA, "a b 1 2 3"],
    [recordType.CAA, "issue"],
    [recordType.TXT, '"open'],
    [recordType.TXT, `"${"x".repeat(256)}"`],
    [4711, "free text"],
    [4711, "\\# 2 0A"],
  ])("type %i: %s is refused", (type, text) => {
    expect(() => encodeData(type, text)).toThrow(expect.objectContaining({ code: "bad-record" }));
  });

  test("an IPv6 address may end in an IPv4 one, and has one spelling", () => {
    expect(decodeData(recordType.AAAA, encodeData(recordType.AAAA, "64:FF9B:0::192.0.2.33"))).toBe(
      "64:ff9b::c000:221",
    );
  });

  test("a text without quotes is cut into strings of 255 bytes", () => {
    const data = encodeData(recordType.TXT, "x".repeat(300));
    expect([data.length, data[0], data[256]]).toEqual([302, 255, 45]);
  });

  test("any bytes of any type have a text, which gives the same bytes", () => {
    const types = fc.constantFrom<number>(...Object.values(recordType), 4711);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
        const data = Buffer.from(bytes);
        expect(encodeData(type, decodeData(type, data))).toEqual(data);
      }),
    );
  });

  test("names in data are equal whatever their case", () => {
    const canonical = (text: string): Buffer =>
      canonicalData(recordType.CNAME, encodeData(recordType.CNAME, text));
    expect(canonical("App.Example.NET.")).toEqual(canonical("app.example.net"));
  });
});
