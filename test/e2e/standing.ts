import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { expect } from "vitest";
import { observe } from "../../src/failover/situation.ts";
import { siteNamed } from "../../src/failover/world.ts";
import type { SiteObservation } from "../../src/platform/contract.ts";
import type { TrafficState } from "../../src/traffic/contract.ts";
import { eventually } from "../support/process.ts";
import { databaseUrl, type TestStage } from "./stage.ts";

/** For what comes about by itself, after a process or two has started: how long it takes is not the matter here. */
export const limitMs = 120_000;

/** Who is active now, and who would be next. */
interface Standing {
  readonly active: string;
  readonly other: string;
  readonly epoch: number;
}

export async function standing({ world }: TestStage): Promise<Standing> {
  const { ledger } = await world.zone.read();
  if (ledger === undefined) throw new Error("the zone has no ledger");
  const other = Object.keys(world.sites).find((name) => name !== ledger.active) ?? "";
  return { active: ledger.active, other, epoch: ledger.epoch };
}

/** Waits until the standby follows closely, as before any cutover that is meant to succeed. */
export async function followable({ world }: TestStage, { active, other }: Standing): Promise<void> {
  const follows = async () => {
    const statuses = await Promise.all(world.links(active, other).map((link) => link.status()));
    return statuses.every(
      ({ state, promotable, lag }) => state === "following" && promotable.ok && (lag?.changes ?? 1) === 0,
    );
  };
  await eventually(`${other} follows ${active}`, follows, limitMs);
}

async function withDatabase<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  // A session that the fence ends tells it here as well.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Adds a note as the app would; gives whether the database took it. */
export async function canWrite(stage: TestStage, site: string): Promise<boolean> {
  const url = await databaseUrl(stage, site);
  return await withDatabase(url, async (client) => {
    try {
      await client.query("INSERT INTO notes (text) VALUES ('probe')");
      return true;
    } catch {
      return false;
    }
  });
}

/** Texts of all notes at a site. */
export async function notesAt(stage: TestStage, site: string): Promise<ReadonlySet<string>> {
  return await withDatabase(await databaseUrl(stage, site), async (client) => {
    const { rows } = await client.query<{ readonly text: string }>("SELECT text FROM notes");
    return new Set(rows.map((row) => row.text));
  });
}

/** Writes notes one after another, as the app's user, until the database takes no more. Gives those that it acknowledged. */
export async function startWriter(stage: TestStage, site: string): Promise<() => Promise<readonly string[]>> {
  const url = await databaseUrl(stage, site);
  const acknowledged: string[] = [];
  let stopped = false;
  const started = Promise.withResolvers<void>();
  const writing = withDatabase(url, async (client) => {
    for (let number = 1; !stopped; number++) {
      const text = `${site} ${Date.now()} ${number}`;
      await client.query("INSERT INTO notes (text) VALUES ($1)", [text]);
      acknowledged.push(text);
      started.resolve();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }).catch(() => started.resolve());
  await started.promise;
  return async () => {
    stopped = true;
    await writing;
    return acknowledged;
  };
}

/** All that must be so once a run has ended: one side active, and that side alone. */
export async function expectSettled(
  stage: TestStage,
  expected: { readonly active: string; readonly standby: string; readonly epoch: number },
): Promise<void> {
  const { world } = stage;
  const { active, standby, epoch } = expected;
  expect(await world.zone.read()).toMatchObject({
    ledger: { active, epoch },
    target: siteNamed(world.sites, active).target,
    ttlSeconds: world.ttlSeconds,
  });
  const runs = async () => {
    const { sites } = await observe(world);
    const running = (site: string, type: string): number => {
      const seen = sites[site]?.observation;
      return seen?.ok === true ? (seen.value.processes[type]?.running ?? 0) : -1;
    };
    return (
      running(active, "web") === 1 &&
      running(active, "worker") === 1 &&
      running(standby, "web") === 1 &&
      running(standby, "worker") === 0
    );
  };
  await eventually(`web and worker run at ${active}, web alone at ${standby}`, runs, limitMs);
  expect({ active: await canWrite(stage, active), standby: await canWrite(stage, standby) }).toEqual({
    active: true,
    standby: false,
  });
}

/** The zone and both sites as they are once each of them has answered. */
export async function observed({ world }: TestStage): Promise<{
  readonly traffic: TrafficState;
  readonly sites: Readonly<Record<string, SiteObservation>>;
}> {
  for (const end = performance.now() + limitMs; ; ) {
    const { traffic, sites } = await observe(world);
    const seen = Object.values(sites).flatMap(({ name, observation }) =>
      observation.ok ? [[name, observation.value] as const] : [],
    );
    if (traffic.ok && seen.length === Object.keys(sites).length) {
      return { traffic: traffic.value, sites: Object.fromEntries(seen) };
    }
    if (performance.now() > end) throw new Error(`Not all answered: ${JSON.stringify({ traffic, sites })}`);
    await delay(100);
  }
}

/** Whether a site shows its maintenance page. */
export async function inMaintenance({ world }: TestStage, site: string): Promise<boolean> {
  return (await siteNamed(world.sites, site).control.observe()).maintenance;
}
