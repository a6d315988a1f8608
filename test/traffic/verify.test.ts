import { expect, test } from "vitest";
import type { Verification, Zone } from "../../src/traffic/contract.ts";
import { waitUntilVerified } from "../../src/traffic/verify.ts";
import { clockOfWaits } from "../support/clock.ts";

const ledger = { epoch: 2, active: "mirror", by: "run-2" };
const wanted = { ledger, target: { type: "A", values: ["192.0.2.1"] } } as const;
const fresh: Verification = { server: "192.0.2.53:53", ok: true, answered: true, detail: "epoch 2" };
const other = "192.0.2.54:53";
const stale: Verification = { server: other, ok: false, answered: true, detail: "it has epoch 1" };
const silent: Verification = { server: other, ok: false, answered: false, detail: "no answer" };

/** Rounds that find what they are told, the last one again and again; only the waits between them take time. */
function wait(...rounds: readonly Verification[]): Promise<readonly Verification[]> {
  let round = 0;
  const zone = {
    verify: async () => [fresh, rounds[Math.min(round++, rounds.length - 1)] ?? fresh],
  } as unknown as Zone;
  return waitUntilVerified(zone, wanted, { clock: clockOfWaits(), timeoutMs: 3_000, intervalMs: 250 });
}

test("a server that was silent from the beginning is left aside", async () => {
  expect(await wait(silent)).toEqual([fresh, silent]);
});

test("a server that had old records and is silent now is waited for, and named", async () => {
  await expect(wait(stale, silent, silent)).rejects.toMatchObject({
    code: "zone-unverified",
    message: expect.stringContaining(other),
  });
});

test("a server that gets the change later is waited for", async () => {
  expect(await wait(silent, stale, { ...stale, ok: true })).toEqual([fresh, { ...stale, ok: true }]);
});
