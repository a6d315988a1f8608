import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { recordType } from "../../src/base/dns/codes.ts";
import type { TsigKey } from "../../src/base/dns/tsig.ts";
import { RefusedError, RetryableError } from "../../src/base/errors.ts";
import type { TrafficTarget } from "../../src/platform/contract.ts";
import { type Ledger, StaleEpochError, type TrafficChange, type Zone } from "../../src/traffic/contract.ts";
import { readRecords } from "../../src/traffic/reading.ts";
import { openZone } from "../../src/traffic/registry.ts";
import { zoneSettingsSchema } from "../../src/traffic/settings.ts";
import { waitUntilVerified } from "../../src/traffic/verify.ts";
import { clockOfWaits } from "../support/clock.ts";
import { type LossyProxy, startLossyProxy } from "./lossy-proxy.ts";
import { embedded, type NameServer, type NameServerKind, ownerKey, strangerKey } from "./name-server.ts";

const addresses: TrafficTarget = { type: "A", values: ["192.0.2.1", "192.0.2.2"] };
const alias: TrafficTarget = { type: "CNAME", values: ["guestbook.apps.example.net"] };
const addresses6: TrafficTarget = { type: "AAAA", values: ["2001:db8::1"] };

/** A port of this machine at which nobody listens. */
const nobody = 1;

interface Options {
  readonly key?: TsigKey | "none";
  readonly ports?: readonly number[];
  readonly names?: readonly string[];
  readonly clock?: Clock;
}

/** What every kind of zone must do, whatever server it is on. */
export function zoneSuite(kind: NameServerKind): void {
  describe(
    kind.missing === undefined ? `on ${kind.name}` : `on ${kind.name} (skipped: ${kind.missing})`,
    () => {
      if (kind.missing !== undefined) {
        test.skip(`${kind.missing}`, () => {});
        return;
      }
      let server: NameServer;
      let proxy: LossyProxy;
      let counter = 0;

      beforeAll(async () => {
        server = await kind.start();
        proxy = await startLossyProxy(server.port);
      });
      afterAll(async () => {
        await proxy?.stop();
        await server?.stop();
      });

      /** A zone on names that no other test uses. */
      function freshName(): string {
        return `app${++counter}.example.test`;
      }
      function open(names: readonly string[], options: Options = {}): Zone {
        const { key = ownerKey, ports = [server.port], clock } = options;
        const settings = zoneSettingsSchema.parse({
          type: "rfc2136",
          zone: "example.test",
          names: [...names],
          servers: ports.map((port) => `127.0.0.1:${port}`),
          ...(key === "none" ? {} : { key }),
        });
        const zone = openZone(settings, clock);
        // Limits that a slow machine doesn't reach. What the proxy loses is waited for, a part of the time.
        const patient = { timeoutMs: ports.includes(proxy.port) ? 10_000 : 30_000 };
        return {
          read: (options) => zone.read({ ...patient, ...options }),
          change: (change, options) => zone.change(change, { ...patient, ...options }),
          verify: (wanted, options) => zone.verify(wanted, { ...patient, ...options }),
          remove: (expected, options) => zone.remove(expected, { ...patient, ...options }),
        };
      }
      function ledger(epoch: number, active = "primary", by = `run-${epoch}`): Ledger {
        return { epoch, active, by };
      }
      function first(target: TrafficTarget = addresses): TrafficChange {
        return { expect: undefined, ledger: ledger(1), target, ttlSeconds: 30 };
      }

      test("reads nothing where there is nothing", async () => {
        const zone = open([freshName()]);
        expect(await zone.read()).toEqual({ ledger: undefined, target: undefined, ttlSeconds: undefined });
      });

      test("makes records and ledger, and moves them", async () => {
        const zone = open([freshName()]);
        await zone.change(first());
        expect(await zone.read()).toEqual({ ledger: ledger(1), target: addresses, ttlSeconds: 30 });
        const moved = { expect: ledger(1), ledger: ledger(2, "mirror"), target: addresses6, ttlSeconds: 5 };
        await zone.change(moved);
        expect(await zone.read()).toEqual({ ledger: ledger(2, "mirror"), target: addresses6, ttlSeconds: 5 });
      });

      test("goes from addresses to a CNAME and back", async () => {
        const zone = open([freshName()]);
        await zone.change(first());
        await zone.change({ expect: ledger(1), ledger: ledger(2), target: alias, ttlSeconds: 30 });
        expect((await zone.read()).target).toEqual(alias);
        await zone.change({ expect: ledger(2), ledger: ledger(3), target: addresses, ttlSeconds: 30 });
        expect((await zone.read()).target).toEqual(addresses);
      });

      test("changes all names, a wildcard among them, in one update", async () => {
        const name = freshName();
        const names = [name, `api.${name}`, `*.${name}`];
        const zone = open(names);
        await zone.change(first());
        await zone.change({ expect: ledger(1), ledger: ledger(2), target: alias, ttlSeconds: 30 });
        for (const each of [...names, `anything.${name}`]) {
          expect((await open([each === `*.${name}` ? `x.${name}` : each]).read()).target, each).toEqual(
            alias,
          );
        }
        const [verification] = await zone.verify({ ledger: ledger(2), target: alias });
        expect(verification).toMatchObject({ ok: true, answered: true });
      });

      test("refuses a change made for an older epoch, and does nothing", async () => {
        const zone = open([freshName()]);
        await zone.change(first());
        const second = { expect: ledger(1), ledger: ledger(2, "mirror"), target: alias, ttlSeconds: 30 };
        await zone.change(second);
        const stale = zone.change({ ...second, ledger: ledger(2, "primary", "rival"), target: addresses });
        await expect(stale).rejects.toThrow(StaleEpochError);
        await expect(zone.change({ ...first(), ledger: ledger(1, "x", "rival") })).rejects.toThrow(
          StaleEpochError,
        );
        expect(await zone.read()).toEqual({ ledger: ledger(2, "mirror"), target: alias, ttlSeconds: 30 });
      });

      test("a change repeated by the run that made it is no error", async () => {
        const zone = open([freshName()]);
        await zone.change(first());
        await zone.change(first());
        expect((await zone.read()).ledger).toEqual(ledger(1));
      });

      test("of two rivals exactly one wins, 50 times", async () => {
        const name = freshName();
        const rivals = ["a", "b"].map((by) => ({ by, zone: open([name]) }));
        await open([name]).change(first());
        for (let epoch = 2; epoch <= 51; epoch++) {
          const before = (await open([name]).read()).ledger;
          const results = await Promise.allSettled(
            rivals.map(({ by, zone }, index) =>
              zone.change({
                expect: before,
                ledger: ledger(epoch, by, by),
                target: index === 0 ? alias : addresses,
                ttlSeconds: 30,
              }),
            ),
          );
          const winners = rivals.filter((_, index) => results[index]?.status === "fulfilled");
          const losses = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
          expect(winners).toHaveLength(1);
          expect(losses[0]).toBeInstanceOf(StaleEpochError);
          const after = await open([name]).read();
          expect(after.ledger).toEqual(ledger(epoch, winners[0]?.by, winners[0]?.by));
          expect(after.target).toEqual(winners[0]?.by === "a" ? alias : addresses);
        }
      });

      test("keeps the ledger when only TTL and names change, and then moves nobody", async () => {
        const name = freshName();
        await open([name]).change(first());
        const wider = open([name, `api.${name}`]);
        const same = { expect: ledger(1), ledger: ledger(1), target: addresses, ttlSeconds: 60 };
        await wider.change(same);
        expect(await open([`api.${name}`]).read()).toMatchObject({ target: addresses, ttlSeconds: 60 });
        await expect(wider.change({ ...same, target: alias })).rejects.toMatchObject({
          rule: "records-not-ours",
        });
        expect((await wider.read()).target).toEqual(addresses);
      });

      test("leaves records of others alone at the first change, unless told", async () => {
        const zone = open(["taken.example.test"]);
        await expect(zone.change(first())).rejects.toMatchObject({
          code: "change-refused",
          rule: "records-not-ours",
        });
        await zone.change({ ...first(), overwrite: true });
        expect((await zone.read()).target).toEqual(addresses);
      });

      test("refuses a CNAME at a name with other records, and does nothing", async () => {
        const zone = open(["mail.example.test", freshName()]);
        await zone.change(first());
        const toAlias = zone.change({ expect: ledger(1), ledger: ledger(2), target: alias, ttlSeconds: 30 });
        await expect(toAlias).rejects.toMatchObject({
          rule: "alias-stands-alone",
          path: "mail.example.test",
        });
        await expect(toAlias).rejects.toThrow(/MX/);
        expect(await zone.read()).toMatchObject({ ledger: ledger(1), target: addresses });
      });

      test("takes records and ledger away, when the ledger is as expected", async () => {
        const zone = open([freshName()]);
        await zone.change(first());
        await expect(zone.remove(ledger(1, "mirror"))).rejects.toThrow(StaleEpochError);
        await zone.remove(ledger(1));
        expect(await zone.read()).toEqual({ ledger: undefined, target: undefined, ttlSeconds: undefined });
        await zone.remove(ledger(1));
      });

      test("says what is wrong with a key", async () => {
        const names = [freshName()];
        const unknown = { ...ownerKey, name: "nobody" };
        const wrong = { ...ownerKey, secret: Buffer.from("not the secret of this key").toString("base64") };
        await expect(open(names, { key: unknown }).change(first())).rejects.toMatchObject({
          code: "key-unknown",
        });
        await expect(open(names, { key: wrong }).change(first())).rejects.toMatchObject({
          code: "key-wrong",
        });
        await expect(open(names, { key: strangerKey }).change(first())).rejects.toMatchObject({
          code: kind.strangerIs,
        });
        await expect(open(names, { key: "none" }).change(first())).rejects.toMatchObject({
          code: "key-missing",
        });
        expect((await open(names).read()).ledger).toBeUndefined();
      });

      test.each([
        ["ahead of", 3600],
        ["behind", -3600],
      ])("says when this machine's clock is %s the server's", async (word, seconds) => {
        const clock: Clock = { ...systemClock, now: () => Date.now() + 1000 * seconds };
        const change = open([freshName()], { clock }).change(first());
        await expect(change).rejects.toMatchObject({ code: "clock-skew" });
        await expect(change).rejects.toThrow(new RegExp(`3[56]\\d\\d s ${word} the server's`));
      });

      test("says when no server answers", async () => {
        const zone = open([freshName()], { ports: [nobody] });
        await expect(zone.read()).rejects.toThrow(RetryableError);
        await expect(zone.change(first())).rejects.toMatchObject({ code: "dns-unreachable" });
        const [verification] = await zone.verify({ ledger: ledger(1), target: addresses });
        expect(verification).toMatchObject({ server: `127.0.0.1:${nobody}`, ok: false, answered: false });
      });

      test("reads from the next server when the first is away", async () => {
        const name = freshName();
        await open([name]).change(first());
        const zone = open([name], { ports: [nobody, server.port] });
        expect((await zone.read()).ledger).toEqual(ledger(1));
      });

      test("an update whose answers are lost is made once and known to be made", async () => {
        const zone = open([freshName()], { ports: [proxy.port] });
        proxy.loseAnswers = 2;
        await zone.change(first());
        expect(await zone.read()).toMatchObject({ ledger: ledger(1), target: addresses });
        expect(proxy.loseAnswers).toBe(1);
        proxy.loseAnswers = 0;
      });

      test("an update that is lost over UDP is sent again over TCP", async () => {
        const zone = open([freshName()], { ports: [proxy.port] });
        proxy.loseRequests = 1;
        await zone.change(first());
        expect(proxy.loseRequests).toBe(0);
        expect((await zone.read()).ledger).toEqual(ledger(1));
      });

      test("an update that never arrives is said not to be made", async () => {
        const zone = open([freshName()], { ports: [proxy.port] });
        proxy.loseRequests = 99;
        proxy.refuseTcp = true;
        await expect(zone.change(first())).rejects.toMatchObject({ code: "change-not-made" });
        proxy.loseRequests = 0;
        proxy.refuseTcp = false;
        expect((await zone.read()).ledger).toBeUndefined();
      });

      test("an answer with a wrong signature is not believed; what was done is looked up", async () => {
        const zone = open([freshName()], { ports: [proxy.port] });
        proxy.tamper = true;
        await zone.change(first());
        proxy.tamper = false;
        expect((await zone.read()).ledger).toEqual(ledger(1));
      });

      test("takes TCP for an answer that is too long for UDP", async () => {
        const records = await readRecords(
          { host: "127.0.0.1", port: server.port },
          "long.example.test",
          recordType.A,
          { timeoutMs: 30_000 },
        );
        expect(records).toHaveLength(95);
      });

      test("takes TCP for an update that is too long for UDP", async () => {
        const name = freshName();
        const zone = open([name, ...Array.from({ length: 25 }, (_, n) => `host-${n}.${name}`)]);
        await zone.change(first(alias));
        const [verification] = await zone.verify({ ledger: ledger(1), target: alias });
        expect(verification).toMatchObject({ ok: true });
      });

      test("verifies every server: a stale one is named with what it has", async () => {
        const name = freshName();
        const stale = await embedded.start();
        try {
          await open([name], { ports: [stale.port] }).change(first());
          await open([name]).change(first());
          const both = open([name], { ports: [server.port, stale.port] });
          await both.change({
            expect: ledger(1),
            ledger: ledger(2, "mirror"),
            target: alias,
            ttlSeconds: 30,
          });
          const wanted = { ledger: ledger(2, "mirror"), target: alias };
          const [fresh, old] = await both.verify(wanted);
          expect(fresh).toMatchObject({ ok: true });
          expect(old).toMatchObject({ server: `127.0.0.1:${stale.port}`, ok: false, answered: true });
          expect(old?.detail).toContain("epoch 1");
          expect(old?.detail).toContain("192.0.2.1");
          // Only the waits between the rounds take of its time.
          const limits = { timeoutMs: 60_000, intervalMs: 20_000, clock: clockOfWaits() };
          await expect(waitUntilVerified(both, wanted, limits)).rejects.toMatchObject({
            code: "zone-unverified",
          });
          // Once the other server has it, too, the wait ends well.
          const waiting = waitUntilVerified(both, wanted);
          await open([name], { ports: [stale.port] }).change({
            expect: ledger(1),
            ledger: ledger(2, "mirror"),
            target: alias,
            ttlSeconds: 30,
          });
          expect((await waiting).every(({ ok }) => ok)).toBe(true);
        } finally {
          await stale.stop();
        }
      });

      test("does not wait for a server that is silent", async () => {
        const zone = open([freshName()], { ports: [server.port, nobody] });
        await zone.change(first());
        const [fresh, silent] = await waitUntilVerified(zone, { ledger: ledger(1), target: addresses });
        expect(fresh).toMatchObject({ ok: true });
        expect(silent).toMatchObject({ ok: false, answered: false });
      });

      test("stops at once when told", async () => {
        const zone = open([freshName()], { ports: [proxy.port] });
        proxy.loseRequests = 99;
        const stop = new AbortController();
        const change = zone.change(first(), { signal: stop.signal, timeoutMs: 60_000 });
        setTimeout(() => stop.abort(new RefusedError("enough", { code: "enough", rule: "test" })), 100);
        await expect(change).rejects.toMatchObject({ code: "enough" });
        proxy.loseRequests = 0;
      });
    },
  );
}
