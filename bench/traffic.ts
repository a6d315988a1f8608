import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../src/base/run.ts";
import type { Ledger } from "../src/traffic/contract.ts";
import { formatLedger } from "../src/traffic/ledger.ts";
import { openZone } from "../src/traffic/registry.ts";
import { zoneSettingsSchema } from "../src/traffic/settings.ts";
import { waitUntilVerified } from "../src/traffic/verify.ts";
import { bind9, embedded, type NameServer, ownerKey } from "../test/traffic/name-server.ts";
import { type Figure, type Figures, figure, timed } from "./figure.ts";

const flips = 60;
const sites = [
  { name: "primary", address: "192.0.2.1" },
  { name: "mirror", address: "192.0.2.2" },
] as const;

/** The state after the flip of that index. */
function flipped(index: number): { readonly ledger: Ledger; readonly address: string } {
  const site = sites[index % 2 === 0 ? 0 : 1];
  return { ledger: { epoch: index + 1, active: site.name, by: "bench" }, address: site.address };
}

/** One flip: a compare-and-swap of ledger and address, and the look whether the authoritative server has it. */
async function flipByUnderstudy(server: NameServer, name: string): Promise<readonly number[]> {
  const settings = {
    type: "rfc2136",
    zone: "example.test",
    names: [name],
    servers: [`127.0.0.1:${server.port}`],
  };
  const zone = openZone(zoneSettingsSchema.parse({ ...settings, key: ownerKey }));
  const flip = async (index: number): Promise<void> => {
    const { ledger, address } = flipped(index);
    const target = { type: "A" as const, values: [address] };
    const expect = index === 0 ? undefined : flipped(index - 1).ledger;
    await zone.change({ expect, ledger, target, ttlSeconds: 5 });
    await waitUntilVerified(zone, { ledger, target });
  };
  await flip(0);
  return timed(flips, (index) => flip(index + 1));
}

/** The same by bind9's own tools, with the same condition: what a careful script would do. */
async function flipByTools(server: NameServer, name: string): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-traffic-"));
  const keyFile = join(folder, "key.conf");
  const { name: keyName, algorithm, secret } = ownerKey;
  await writeFile(keyFile, `key "${keyName}" { algorithm ${algorithm}; secret "${secret}"; };\n`, {
    mode: 0o600,
  });
  const ledgerAt = `_understudy.${name}`;
  const flip = async (index: number): Promise<void> => {
    const { ledger, address } = flipped(index);
    const condition =
      index === 0
        ? `prereq nxrrset ${ledgerAt} TXT`
        : `prereq yxrrset ${ledgerAt} TXT "${formatLedger(flipped(index - 1).ledger)}"`;
    const input = [
      `server 127.0.0.1 ${server.port}`,
      "zone example.test",
      condition,
      `update delete ${name} A`,
      `update add ${name} 5 A ${address}`,
      `update delete ${ledgerAt} TXT`,
      `update add ${ledgerAt} 5 TXT "${formatLedger(ledger)}"`,
      "send",
      "",
    ];
    await run("nsupdate", ["-k", keyFile], { input: input.join("\n") });
    const asked = [ledgerAt, "TXT", name, "A"];
    const { stdout } = await run("dig", [
      "@127.0.0.1",
      "-p",
      String(server.port),
      "+short",
      "+norec",
      ...asked,
    ]);
    if (!stdout.includes(address) || !stdout.includes(formatLedger(ledger))) {
      throw new Error(`After flip ${index}, dig saw: ${stdout}`);
    }
  };
  try {
    await flip(0);
    return await timed(flips, (index) => flip(index + 1));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A record flip, from the change to the authoritative server's answer: on the embedded server, and on bind9 where it is
 * installed, there beside nsupdate and dig.
 */
export async function benchTraffic(): Promise<Figures> {
  const own = await embedded.start();
  let recordFlip: Figure;
  try {
    recordFlip = figure(await flipByUnderstudy(own, "flip.example.test"), "ms");
  } finally {
    await own.stop();
  }
  if (bind9.missing !== undefined) return { recordFlip };
  const other = await bind9.start();
  try {
    const onBind9 = figure(await flipByUnderstudy(other, "ours.example.test"), "ms");
    const { median, p95 } = figure(await flipByTools(other, "theirs.example.test"), "ms");
    const rival = { name: "bind9 by nsupdate and dig", median, p95 };
    return { recordFlip: { ...recordFlip, rival }, recordFlipOnBind9: { ...onBind9, rival } };
  } finally {
    await other.stop();
  }
}
