import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalName,
  decodeName,
  encodeName,
  isWithin,
  MalformedMessageError,
  parentName,
  sameName,
} from "../../../src/base/dns/name.ts";
import { UnderstudyError } from "../../../src/base/errors.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 20 });
const wireNames = fc
  .array(label, { maxLength: 8 })
  .map((labels) =>
    Buffer.concat([...labels.map((bytes) => Buffer.of(bytes.length, ...bytes)), Buffer.of(0)]),
  );

describe("domain names", () => {
  test("any name goes to text and back", () => {
    fc.assert(
      fc.property(wireNames, (wire) => {
        const { name, next } = decodeName(wire, 0);
        expect(next).toBe(wire.length);
        expect(encodeName(name)).toEqual(wire);
      }),
    );
  });

  test("any bytes give a name or a clear error, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, offset) => {
        try {
          decodeName(Buffer.from(bytes), offset);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
    );
  });

  test("pointers are followed backwards only", () => {
    const wire = Buffer.concat([
      encodeName("example.test"),
      Buffer.of(3),
      Buffer.from("www"),
      Buffer.of(0xc0, 0),
    ]);
    expect(decodeName(wire, 14)).toEqual({ name: "www.example.test", next: 20 });
    expect(() => decodeName(Buffer.of(0xc0, 0), 0)).toThrow(/forwards/);
    expect(() => decodeName(Buffer.of(0xc0, 2, 0xc0, 0), 2)).toThrow(MalformedMessageError);
  });

  test.each([
    ["a..b", "empty label"],
    [".a", "empty label"],
    [`${"x".repeat(64)}.test`, "63 bytes"],
    [Array.from({ length: 130 }, () => "x").join("."), "255 bytes"],
    ["bücher.test", "ASCII"],
    ["a\\999", "not a byte"],
    ["a\\", "ends in a backslash"],
  ])("%j is no name", (name, why) => {
    expect(() => encodeName(name)).toThrow(UnderstudyError);
    expect(() => encodeName(name)).toThrow(why);
  });

  test("compare without regard to case and final dot", () => {
    expect(sameName("WWW.Example.test.", "www.example.TEST")).toBe(true);
    expect(canonicalName("\\087WW.test")).toBe("www.test");
    expect(canonicalName(".")).toBe(".");
  });

  test("a name is in its zone and the zone's parents, and in no other", () => {
    expect(isWithin("www.example.test", "example.test")).toBe(true);
    expect(isWithin("example.test", "example.test")).toBe(true);
    expect(isWithin("example.test", ".")).toBe(true);
    expect(isWithin("badexample.test", "example.test")).toBe(false);
    expect(parentName("a\\.b.test")).toBe("test");
    expect(parentName("test")).toBe(".");
    expect(parentName(".")).toBeUndefined();
  });
});
