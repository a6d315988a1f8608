import { describe, expect, test } from "vitest";
import { formatServerAddress, parseServerAddress } from "../../src/traffic/address.ts";
import { ledgerName, type ZoneSettingsInput, zoneSettingsSchema } from "../../src/traffic/settings.ts";

const good: ZoneSettingsInput = {
  type: "rfc2136",
  zone: "Example.test.",
  names: ["WWW.example.test", "*.example.test", "example.test"],
  servers: ["192.0.2.53", "[2001:db8::53]:5353", "ns1.example.test:53"],
};

function problems(changes: Record<string, unknown>): readonly string[] {
  const result = zoneSettingsSchema.safeParse({ ...good, ...changes });
  return result.success
    ? []
    : result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

describe("the settings of a zone", () => {
  test("are completed, names in one spelling", () => {
    const settings = zoneSettingsSchema.parse(good);
    expect(settings).toMatchObject({
      zone: "example.test",
      names: ["www.example.test", "*.example.test", "example.test"],
      ttlSeconds: 30,
    });
    expect(ledgerName(settings)).toBe("_understudy.www.example.test");
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ type: "bind" }, /type/],
    [{ names: [] }, /names/],
    [{ names: ["www.example.org"] }, /names\.0: www\.example\.org is not in the zone/],
    [{ names: ["*.example.test"] }, /names\.0: .*wildcard/],
    [{ names: ["a.example.test", "A.example.test"] }, /names\.1: .*twice/],
    [{ names: ["a..example.test"] }, /names\.0: must be a domain name/],
    [{ zone: "" }, /zone: must be a domain name/],
    [{ servers: [] }, /servers/],
    [{ servers: ["192.0.2.53:99999"] }, /servers\.0: must be ADDRESS:PORT/],
    [{ ttlSeconds: -1 }, /ttlSeconds/],
    [{ primery: "192.0.2.1" }, /primery/],
    [{ key: { name: "k", secret: "not base64!" } }, /key\.secret/],
    [{ key: { name: "k", algorithm: "hmac-md5", secret: "AAAA" } }, /key\.algorithm/],
  ])("%j is refused where it is wrong", (changes, message) => {
    expect(problems(changes).join("\n")).toMatch(message);
  });

  test("a key's secret is in no problem's text", () => {
    expect(problems({ key: { name: "k", secret: "canary canary!" } }).join("\n")).not.toContain("canary");
  });
});

describe("addresses of servers", () => {
  test.each([
    ["192.0.2.1", "192.0.2.1:53"],
    ["192.0.2.1:5353", "192.0.2.1:5353"],
    ["[2001:db8::1]:5353", "[2001:db8::1]:5353"],
    ["[2001:db8::1]", "[2001:db8::1]:53"],
    ["2001:db8::1", "[2001:db8::1]:53"],
    ["ns1.example.net", "ns1.example.net:53"],
  ])("%s", (text, formatted) => {
    const address = parseServerAddress(text);
    if (address === undefined) throw new Error(`${text} was not read`);
    expect(formatServerAddress(address)).toBe(formatted);
  });

  test.each([
    "",
    ":53",
    "192.0.2.1:0",
    "192.0.2.1:65536",
    "192.0.2.1:x",
    "[192.0.2.1]:53",
    "a..b",
    "http://a",
    "-a",
  ])("%j is none", (text) => {
    expect(parseServerAddress(text)).toBeUndefined();
  });
});
