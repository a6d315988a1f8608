import { describe, expect, test } from "vitest";
import { RefusedError } from "../../src/base/errors.ts";
import type { TrafficTarget } from "../../src/platform/contract.ts";
import type { TrafficChange } from "../../src/traffic/contract.ts";
import { checkChange } from "../../src/traffic/guard.ts";
import { zoneSettingsSchema } from "../../src/traffic/settings.ts";

const settings = zoneSettingsSchema.parse({
  type: "rfc2136",
  zone: "example.test",
  names: ["www.example.test"],
  servers: ["127.0.0.1"],
});
const atApex = { ...settings, names: ["example.test"] };
const old = { epoch: 6, active: "primary", by: "run-6" };
const good: TrafficChange = {
  expect: old,
  ledger: { epoch: 7, active: "mirror", by: "run-7" },
  target: { type: "A", values: ["192.0.2.1"] },
  ttlSeconds: 30,
};

function target(type: TrafficTarget["type"], ...values: readonly string[]): TrafficChange {
  return { ...good, target: { type, values } };
}

describe("a change", () => {
  test.each<[string, TrafficChange]>([
    ["one address", good],
    ["IPv6 addresses", target("AAAA", "2001:db8::1", "2001:db8::2")],
    ["a host name", target("CNAME", "app.herokudns.com.")],
    ["the first of all", { ...good, expect: undefined, ledger: { ...good.ledger, epoch: 1 } }],
    ["no new epoch, for TTL alone", { ...good, ledger: old }],
  ])("%s is let through", (_, change) => {
    expect(() => checkChange(change, settings)).not.toThrow();
  });

  test("addresses may be at the zone's own name", () => {
    expect(() => checkChange(good, atApex)).not.toThrow();
  });

  test.each<[string, string, TrafficChange]>([
    ["nothing at all", "target-not-empty", target("A")],
    ["IPv6 for A", "target-valid", target("A", "2001:db8::1")],
    ["half an address", "target-valid", target("A", "192.0.2")],
    ["no place", "target-valid", target("A", "0.0.0.0")],
    ["IPv4 for AAAA", "target-valid", target("AAAA", "192.0.2.1")],
    ["a link's address", "target-valid", target("AAAA", "fe80::1%eth0")],
    ["an address for CNAME", "target-valid", target("CNAME", "192.0.2.1")],
    ["a URL for CNAME", "target-valid", target("CNAME", "https://app.example.net")],
    ["two host names", "one-alias", target("CNAME", "a.example.net", "b.example.net")],
    ["itself", "no-circle", target("CNAME", "WWW.example.test.")],
    [
      "an epoch that stays while the site changes",
      "epoch-grows-by-one",
      { ...good, ledger: { ...good.ledger, epoch: 6 } },
    ],
    ["an epoch left out", "epoch-grows-by-one", { ...good, ledger: { ...good.ledger, epoch: 8 } }],
    ["a first epoch that isn't 1", "epoch-grows-by-one", { ...good, expect: undefined }],
    ["a site's name with ;", "ledger-words", { ...good, ledger: { ...good.ledger, active: "a;b" } }],
    ["no run", "ledger-words", { ...good, ledger: { ...good.ledger, by: "" } }],
    ["half a second", "ttl-in-range", { ...good, ttlSeconds: 0.5 }],
    ["a TTL of a year", "ttl-in-range", { ...good, ttlSeconds: 31_536_000 }],
  ])("%s is refused by %s", (_, rule, change) => {
    expect(() => checkChange(change, settings)).toThrow(RefusedError);
    expect(() => checkChange(change, settings)).toThrow(
      expect.objectContaining({ rule, code: "change-refused" }),
    );
  });

  test("a CNAME at the zone's own name is refused, as is a name of another zone", () => {
    expect(() => checkChange(target("CNAME", "a.example.net"), atApex)).toThrow(
      expect.objectContaining({ rule: "no-alias-at-apex" }),
    );
    expect(() => checkChange(good, { ...settings, names: ["www.example.org"] })).toThrow(
      expect.objectContaining({ rule: "names-in-zone" }),
    );
  });
});
