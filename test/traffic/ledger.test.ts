import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordType } from "../../src/base/dns/codes.ts";
import { encodeData, encodeTxt } from "../../src/base/dns/data.ts";
import { formatLedger, parseLedger, parseLedgerRecords, sameLedger } from "../../src/traffic/ledger.ts";

const place = "_understudy.www.example.test";
const word = fc.stringMatching(/^[A-Za-z0-9._:@-]{1,63}$/);
const ledgers = fc.record({
  epoch: fc.integer({ min: 1, max: 999_999_999_999_999 }),
  active: word,
  by: word,
});

describe("the ledger", () => {
  test("is written as the design has it", () => {
    expect(formatLedger({ epoch: 7, active: "mirror", by: "run-12" })).toBe(
      "v=1;epoch=7;active=mirror;by=run-12",
    );
  });

  test("any ledger goes to text and back, in one string or cut into several", () => {
    fc.assert(
      fc.property(ledgers, fc.nat(60), (ledger, cut) => {
        const text = formatLedger(ledger);
        expect(text.length).toBeLessThan(256);
        expect(parseLedger(text, place)).toEqual(ledger);
        const strings = [text.slice(0, cut), text.slice(cut)].map((part) => Buffer.from(part));
        expect(parseLedgerRecords([encodeTxt(strings)], place)).toEqual(ledger);
        expect(sameLedger(ledger, { ...ledger })).toBe(true);
        expect(sameLedger(ledger, { ...ledger, epoch: ledger.epoch + 1 })).toBe(false);
      }),
    );
  });

  test.each([
    "v=spf1 -all",
    "",
    "v=1;epoch=0;active=a;by=b",
    "v=1;epoch=01;active=a;by=b",
    "v=1;epoch=1.5;active=a;by=b",
    "v=1;epoch=-1;active=a;by=b",
    "v=1;epoch=1;active=;by=b",
    "v=1;epoch=1;active=a b;by=b",
    "v=1;epoch=1;active=a;by=b;more=c",
    "v=1;active=a;epoch=1;by=b",
    "v=1;epoch=1;active=a",
    "v=1;epoch=99999999999999999999;active=a;by=b",
    " v=1;epoch=1;active=a;by=b",
  ])("%j is none", (text) => {
    expect(() => parseLedger(text, place)).toThrow(
      expect.objectContaining({ code: "foreign-ledger", path: place }),
    );
  });

  test("one of a later version is told from nonsense", () => {
    expect(() => parseLedger("v=2;epoch=1;whatever", place)).toThrow(
      expect.objectContaining({ code: "newer-ledger" }),
    );
  });

  test("several records at its name are not guessed at", () => {
    const data = encodeData(recordType.TXT, "v=1;epoch=1;active=a;by=b");
    expect(parseLedgerRecords([], place)).toBeUndefined();
    expect(() => parseLedgerRecords([data, data], place)).toThrow(/2 TXT records/);
  });
});
